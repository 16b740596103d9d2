package priority

import "github.com/kafkaboost/boostd"

// Candidate is one thing that could decide a message's level.
type Candidate struct {
	By    By
	Level boostd.Level
	// Rule is set when By is ByRule.
	Rule *Rule
	// Decides: this is the one that counts.
	Decides bool
}

// Explain lists everything that could decide the level of a message that is
// produced, in the order in which they are asked; of rules all that match, in the
// order of the document. It is for people: Produced decides the same, at once.
func (r *Resolver) Explain(m *boostd.Message, explicit *int) (all []Candidate, res Resolution, to string) {
	res, to = r.Produced(m, explicit)
	add := func(c Candidate) {
		c.Decides = c.By == res.By && c.Rule == res.Rule
		all = append(all, c)
	}
	if derived, ok := r.derived(m.Topic); ok {
		add(Candidate{By: ByDerived, Level: derived.Level})
	}
	if explicit != nil {
		add(Candidate{By: ByExplicit, Level: r.clamp(Resolution{}, int64(*explicit), ByExplicit).Level})
	} else if text, ok := m.Header(Header); ok {
		if n, ok := wholeText(string(text)); ok {
			add(Candidate{By: ByExplicit, Level: r.clamp(Resolution{}, n, ByExplicit).Level})
		}
	}
	if c := r.index.read(m.Value); c.valid && r.settings.ValuePriority != ValueNever {
		add(Candidate{By: ByValue, Level: r.clamp(Resolution{}, c.level, ByValue).Level})
	}
	for _, rule := range r.settings.Rules {
		if r.matches(rule, m) {
			add(Candidate{By: ByRule, Level: rule.Priority, Rule: rule})
		}
	}
	if level, ok := r.settings.topics[m.Topic]; ok {
		add(Candidate{By: ByTopic, Level: level})
	}
	add(Candidate{By: ByDefault, Level: r.settings.DefaultPriority})
	return all, res, to
}

// matches reports whether one rule matches.
func (r *Resolver) matches(rule *Rule, m *boostd.Message) bool {
	if rule.program != nil {
		return rule.program.holds(&variables{message: *m})
	}
	return newIndex([]*Rule{rule}, r.settings.RulesByRole).read(m.Value).rule != nil
}

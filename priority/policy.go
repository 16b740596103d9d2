package priority

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kafkaboost/boostd"
)

// Policy is what priority means, as the document's boostd.policy says. It is
// checked against the document alone: how many slots there are, handlers know.
type Policy struct {
	// Exclusive: a level starts nothing while a higher one has any message.
	Exclusive bool
	// MaxWait is when a message goes before all that wait less; zero: never.
	MaxWait time.Duration
	// MinShare and Reserve are ascending, and no level is in two of one.
	MinShare []Share
	Reserve  []Reserve
}

// Share gives each level of a range a part of a handler's messages, 1 to 90 percent.
type Share struct {
	Levels  boostd.LevelRange
	Percent int
}

// Reserve are slots, at least 1, that only From and the levels above it may use.
type Reserve struct {
	From  boostd.Level
	Slots int
}

// maxShares is what all shares may come to, in percent.
const maxShares = 90

func (r *reader) policy(n *node) *Policy {
	if absent(n) {
		return nil
	}
	p := &Policy{}
	r.strict(n, fields{
		"mode":      func(n *node) { p.Exclusive = r.mode(n) },
		"max_wait":  func(n *node) { p.MaxWait = r.duration(n) },
		"min_share": func(n *node) { p.MinShare = r.shares(n) },
		"reserve":   func(n *node) { p.Reserve = r.reserves(n) },
	})
	return p
}

func (r *reader) mode(n *node) (exclusive bool) {
	switch text := r.text(n); {
	case n.kind != 's' || text == "strict":
	case text == "exclusive":
		return true
	case slices.Contains([]string{"max_wait", "min_share", "reserve"}, text):
		r.wrong(n, "want strict or exclusive; %s is a key of its own beside mode", text)
	default:
		r.wrong(n, "%.40q: want strict or exclusive", text)
	}
	return false
}

// duration is zero for null and for what is wrong.
func (r *reader) duration(n *node) time.Duration {
	var d boostd.Duration
	text := r.text(n)
	if n.kind != 's' {
		return 0
	}
	if err := d.UnmarshalText([]byte(text)); err != nil {
		r.wrong(n, "%v", err)
	}
	return d.Std()
}

func (r *reader) shares(n *node) (shares []Share) {
	for _, m := range r.byLevels(n, `{"0": 5, "3-5": 10}`) {
		levels, err := boostd.ParseLevelRange(m.key)
		if err != nil {
			r.wrong(m, "%v", err)
			continue
		}
		if percent, ok := r.given(m); ok {
			shares = append(shares, Share{levels, percent})
		}
	}
	slices.SortStableFunc(shares, func(a, b Share) int { return cmp.Compare(a.Levels.From, b.Levels.From) })
	return shares
}

func (r *reader) reserves(n *node) (reserves []Reserve) {
	for _, m := range r.byLevels(n, `{"8": 4}`) {
		level, err := boostd.ParseLevelRange(m.key)
		switch {
		case strings.Contains(m.key, "-"):
			r.wrong(m, "want one level: its slots are for that level and all above it")
			continue
		case err != nil:
			r.wrong(m, "%.40q: want a level, such as 8", m.key)
			continue
		}
		if slots, ok := r.given(m); ok {
			reserves = append(reserves, Reserve{level.From, slots})
		}
	}
	slices.SortFunc(reserves, func(a, b Reserve) int { return cmp.Compare(a.From, b.From) })
	return reserves
}

// given reads a whole number that must be there.
func (r *reader) given(n *node) (int, bool) {
	if absent(n) {
		r.wrong(n, "want a whole number, got null")
		return 0, false
	}
	before := len(r.problems)
	i := r.whole(n, 0)
	return i, len(r.problems) == before
}

// byLevels are the members of an object whose keys are levels.
func (r *reader) byLevels(n *node, such string) []*node {
	switch {
	case absent(n):
	case n.kind != '{':
		r.wrong(n, "want an object, such as %s, got %s", such, n.kindName())
	default:
		return n.members
	}
	return nil
}

// checkPolicy finds what is wrong with the policy beside max_priority, with the
// texts that the scheduler has for boostd.yaml's.
func (s *Settings) checkPolicy(wrong report) {
	p := s.Policy
	if p == nil {
		return
	}
	const at = "/boostd/policy"
	const contradiction = "exclusive lets nothing go before a higher level; leave one of the two out"
	if p.Exclusive && p.MaxWait != 0 {
		wrong(at+"/max_wait", contradiction)
	}
	if p.Exclusive && len(p.MinShare) > 0 {
		wrong(at+"/min_share", contradiction)
	}
	sum, end := 0, boostd.Level(0)
	for _, share := range p.MinShare {
		pointer := fmt.Sprintf("%s/min_share/%s", at, share.Levels)
		switch outside := max(share.Levels.From, s.MaxPriority+1); {
		case share.Levels.To > s.MaxPriority:
			wrong(pointer, "level %d is outside 0 to %d", outside, s.MaxPriority)
			continue
		case share.Percent < 1 || share.Percent > maxShares:
			wrong(pointer, "level %d has %d percent, want 1 to %d", share.Levels.From, share.Percent, maxShares)
		case share.Levels.From < end:
			wrong(pointer, "level %d is there twice", share.Levels.From)
		}
		end = max(end, share.Levels.To+1)
		sum += share.Percent * int(share.Levels.To-share.Levels.From+1)
	}
	if sum > maxShares {
		wrong(at+"/min_share", "%d percent in all, at most %d: the levels above need the rest", sum, maxShares)
	}
	s.checkReserve(wrong, at+"/reserve")
}

func (s *Settings) checkReserve(wrong report, at string) {
	var below *Reserve
	for n := range s.Policy.Reserve {
		r := &s.Policy.Reserve[n]
		pointer := fmt.Sprintf("%s/%d", at, r.From)
		switch {
		case r.From < 1 || r.From > s.MaxPriority:
			wrong(pointer, "level %d is outside 1 to %d", r.From, s.MaxPriority)
		case r.Slots < 1:
			wrong(pointer, "%d slots for level %d and above, want at least 1", r.Slots, r.From)
		case below != nil && r.Slots > below.Slots:
			wrong(pointer, "%d slots for level %d and above, but only %d for level %d and above, which include them", r.Slots, r.From, below.Slots, below.From)
		}
		below = r
	}
}

// Mode is the word of the document.
func (p *Policy) Mode() string {
	if p.Exclusive {
		return "exclusive"
	}
	return "strict"
}

// String is the policy in one line, for people.
func (p *Policy) String() string {
	parts := []string{p.Mode()}
	if p.MaxWait != 0 {
		parts = append(parts, fmt.Sprintf("max_wait %v", p.MaxWait))
	}
	for _, s := range p.MinShare {
		parts = append(parts, fmt.Sprintf("min_share %s: %d %%", s.Levels, s.Percent))
	}
	for _, r := range p.Reserve {
		parts = append(parts, fmt.Sprintf("reserve %d: %d slots", r.From, r.Slots))
	}
	return strings.Join(parts, ", ")
}

func (p *Policy) encode() string {
	o := &object{}
	o.text("mode", p.Mode())
	if p.MaxWait != 0 {
		o.text("max_wait", boostd.Duration(p.MaxWait).String())
	}
	if len(p.MinShare) > 0 {
		shares := &object{}
		for _, s := range p.MinShare {
			shares.number(s.Levels.String(), s.Percent)
		}
		o.raw("min_share", shares.String())
	}
	if len(p.Reserve) > 0 {
		reserves := &object{}
		for _, r := range p.Reserve {
			reserves.number(strconv.Itoa(int(r.From)), r.Slots)
		}
		o.raw("reserve", reserves.String())
	}
	return o.String()
}

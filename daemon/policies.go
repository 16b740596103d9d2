package daemon

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/scheduler"
)

// Where a policy is from, the strongest first.
const (
	fromHandler  = "handler"
	fromDocument = "document"
	fromFile     = "file"
)

// policyOf is what priority means for a handler under a file and settings, and where
// that is said: each source replaces the weaker ones as a whole.
func policyOf(file *conf.File, handler string, settings *priority.Settings) (p scheduler.Policy, from string) {
	switch own := file.Handlers[handler].Policy; {
	case own != nil:
		return own.Scheduling(), fromHandler
	case settings.Policy != nil:
		return ofDocument(settings.Policy), fromDocument
	default:
		return file.Policy.Scheduling(), fromFile
	}
}

// ofDocument is a document's policy as the scheduler takes it.
func ofDocument(p *priority.Policy) scheduler.Policy {
	s := scheduler.Policy{Exclusive: p.Exclusive, MaxWait: p.MaxWait}
	for _, share := range p.MinShare {
		for n := share.Levels.From; n <= share.Levels.To; n++ {
			s.MinShare = append(s.MinShare, scheduler.Share{Level: n, Percent: share.Percent})
		}
	}
	for _, r := range p.Reserve {
		s.Reserve = append(s.Reserve, scheduler.Reserve{From: r.From, Slots: r.Slots})
	}
	return s
}

// checkPolicies finds the policies that can't work under the settings: the
// document's against each handler's slots, those of boostd.yaml against the
// document's levels.
func checkPolicies(file *conf.File, settings *priority.Settings) error {
	levels := int(settings.MaxPriority) + 1
	var errs []error
	for _, name := range handlersOf(file) {
		h := file.Handlers[name]
		p, from := policyOf(file, name, settings)
		if from == fromDocument {
			for _, err := range p.Validate(h.Slots, levels) {
				part, text, _ := strings.Cut(err.Error(), ": ")
				errs = append(errs, fmt.Errorf("/boostd/policy/%s: doesn't fit handler %s: %s", part, name, text))
			}
			errs = append(errs, besideGate(file, p)...)
			continue
		}
		written, key := h.Policy, "handlers."+name+".policy"
		if written == nil {
			written, key = &file.Policy, "policy"
		}
		for _, err := range written.Check(h.Slots, levels) {
			errs = append(errs, fmt.Errorf("max_priority %d doesn't fit boostd.yaml's %s.%w", settings.MaxPriority, key, err))
		}
	}
	return errors.Join(unique(errs)...)
}

// besideGate finds what boostd.yaml's gate lets no document's policy have.
func besideGate(file *conf.File, p scheduler.Policy) (errs []error) {
	if file.Gate.Scope != conf.GroupScope {
		return nil
	}
	for _, err := range p.ValidateGroup() {
		errs = append(errs, fmt.Errorf("/boostd/policy/%w", err))
	}
	return errs
}

// unique keeps the first of errors with the same text.
func unique(errs []error) (kept []error) {
	told := map[string]bool{}
	for _, err := range errs {
		if !told[err.Error()] {
			kept = append(kept, err)
		}
		told[err.Error()] = true
	}
	return kept
}

// setPolicies gives each handler's pool its first policy.
func setPolicies(specs []actors.HandlerSpec, file *conf.File, settings *priority.Settings) {
	for n := range specs {
		specs[n].Policy, _ = policyOf(file, specs[n].Name, settings)
	}
}

// otherPolicies names the handlers for which the next file and settings mean another
// policy.
func otherPolicies(old, next ruling) (names []string) {
	for _, name := range handlersOf(next.file) {
		before, _ := policyOf(old.file, name, old.document.settings)
		after, _ := policyOf(next.file, name, next.document.settings)
		if !reflect.DeepEqual(before, after) {
			names = append(names, name)
		}
	}
	return names
}

// tellPolicies logs what isn't plainly strict.
func (d *Daemon) tellPolicies(names []string, settings *priority.Settings) {
	for _, name := range names {
		if p := d.shownPolicy(name, settings); !p.Strict() || p.From != fromFile {
			d.logger.Info("policy", "handler", name, "policy", p.String(), "from", p.From)
		}
	}
}

// shownPolicy is a handler's policy as status has it.
func (d *Daemon) shownPolicy(handler string, settings *priority.Settings) console.Policy {
	file := d.file()
	p, from := policyOf(file, handler, settings)
	shown := console.Policy{
		Mode: conf.Strict, MaxWait: boostd.Duration(p.MaxWait), MinShare: map[int]int{}, Reserve: map[int]int{},
		Preemptible: file.Handlers[handler].Preemptible, From: from,
	}
	if p.Exclusive {
		shown.Mode = conf.Exclusive
	}
	for _, s := range p.MinShare {
		shown.MinShare[int(s.Level)] = s.Percent
	}
	for _, r := range p.Reserve {
		shown.Reserve[int(r.From)] = r.Slots
	}
	return shown
}

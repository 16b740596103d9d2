package conf

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kafkaboost/boostd/plugins"
	"github.com/kafkaboost/boostd/priority"
)

// Handler is one entry of `handlers:`: the handler, and what priority means for
// its messages.
type Handler struct {
	plugins.Config

	// Policy is what priority means for this handler's messages, instead of the
	// policies of the settings document and of this file, as a whole.
	Policy *Policy `yaml:"policy"`
	// Preemptible, false unless said otherwise: when a higher level waits and no
	// slot is free, a message that has been with the handler for long is cancelled,
	// gives its slot back and comes again. For handlers that can end early and may
	// begin anew.
	Preemptible bool `yaml:"preemptible"`
}

// policyErrors are policies that can't work with the slots of their handlers,
// whatever the settings' levels are. What a policy for several handlers has wrong
// for all of them is told once.
func (f *File) policyErrors() []error {
	var errs []error
	handlers := slices.Sorted(maps.Keys(f.Handlers))
	common := map[string][]string{} // handlers by text
	var texts []string              // in order
	without := 0
	for _, name := range handlers {
		h := f.Handlers[name]
		if h.Policy != nil {
			for _, err := range f.checkPolicy(*h.Policy, h.Slots) {
				errs = append(errs, fmt.Errorf("handlers.%s.policy.%w", name, err))
			}
			continue
		}
		without++
		for _, err := range f.checkPolicy(f.Policy, h.Slots) {
			if common[err.Error()] == nil {
				texts = append(texts, err.Error())
			}
			common[err.Error()] = append(common[err.Error()], name)
		}
	}
	for _, text := range texts {
		if whose := common[text]; len(whose) < without {
			text += " (" + strings.Join(whose, ", ") + ")"
		}
		errs = append(errs, fmt.Errorf("policy.%s", text))
	}
	return errs
}

// checkPolicy finds what is wrong with a policy for so many slots, beside the gate.
func (f *File) checkPolicy(p Policy, slots int) []error {
	errs := p.Check(slots, priority.MaxLevel+1)
	if f.Gate.Scope == GroupScope {
		errs = append(errs, p.Scheduling().ValidateGroup()...)
	}
	return errs
}

// policyWarnings tell of a policy that holds for no handler.
func (f *File) policyWarnings() []error {
	for _, h := range f.Handlers {
		if h.Policy == nil {
			return nil
		}
	}
	if len(f.Handlers) == 0 || f.Policy.Scheduling().Strict() {
		return nil
	}
	return []error{fmt.Errorf("policy: has no effect: each handler has a policy of its own")}
}

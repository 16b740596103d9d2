package report

import (
	"slices"
	"strings"
)

// cases are the benchmark's, with the heading of each.
var cases = []struct{ letter, title string }{
	{"T", "throughput"},
	{"H", "waits of high-priority messages under a backlog"},
	{"P", "a pile of messages, worked off"},
	{"M", "memory"},
	{"I", "idle cost"},
	{"S", "start, change of settings, stop"},
	{"R", "the gap of a rebalance"},
}

// caseTitle is "" for a case that there isn't.
func caseTitle(letter string) string {
	for _, c := range cases {
		if c.letter == letter {
			return c.title
		}
	}
	return ""
}

func caseLetters() string {
	all := make([]string, len(cases))
	for i, c := range cases {
		all[i] = c.letter
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}

// figure finds one; nil when the run hasn't it.
func (r *Results) figure(letter, variant, measure, contestant string) *Figure {
	for i := range r.Figures {
		f := &r.Figures[i]
		if f.Case == letter && f.Variant == variant && f.Measure == measure && f.Contestant == contestant {
			return f
		}
	}
	return nil
}

// variants are those of a case, in the order of the figures; behind them those that
// only failed.
func (r *Results) variants(letter string) []string {
	all := unique(r.Figures, func(f *Figure) (string, bool) { return f.Variant, f.Case == letter })
	return append(all, unique(r.Failures, func(f *Failure) (string, bool) {
		return f.Variant, f.Case == letter && !slices.Contains(all, f.Variant)
	})...)
}

// measures are those of a variant, in the order of the figures.
func (r *Results) measures(letter, variant string) []string {
	return unique(r.Figures, func(f *Figure) (string, bool) { return f.Measure, f.Case == letter && f.Variant == variant })
}

// unique are the texts that pick takes, each once, in their order.
func unique[T any](from []T, pick func(*T) (string, bool)) []string {
	var all []string
	seen := map[string]bool{}
	for i := range from {
		if text, ok := pick(&from[i]); ok && !seen[text] {
			seen[text] = true
			all = append(all, text)
		}
	}
	return all
}

package report

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Text is for the terminal at a run's end: our own figures, and what became of the
// goals.
func (r *Results) Text(goals []Goal) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for i := range r.Figures {
		f := &r.Figures[i]
		if f.Contestant != Ours {
			continue
		}
		lowest, highest := f.Rounds.Spread()
		fmt.Fprintf(w, "%s\t%s\t%s\t(%s)\n", f.Case, cell(place("", f.Variant, f.Measure)), cell(quantity(f.Rounds.Median(), f.Unit)), span(lowest, highest))
	}
	w.Flush()
	outcomes := Check(r, goals)
	count := map[string]int{}
	if len(outcomes) > 0 {
		text.WriteString("\n")
	}
	for _, o := range outcomes {
		count[o.Verdict()]++
		shown := times(o.Ratio)
		if o.Goal.Against == "" {
			shown = quantity(o.Figure, o.Unit)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", o.Goal.Case, cell(o.Goal.what()), cell(shown), cell(o.Bound()), r.state(&o))
	}
	w.Flush()
	fmt.Fprintf(&text, "\n%d of %d goals met, %d not, %d not measured; %s in %s\n",
		count["met"], len(outcomes), count["not met"], count["not measured"], rounds(r.Rounds), duration(r.Seconds))
	return text.String()
}

package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/audit/verdict"
	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
)

// Summary is the report for a person: a table and one closing sentence.
func (r Report) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%5s %10s %10s %8s %11s   %s\n", "", "", "", "", "", "wait from produce to handler start")
	fmt.Fprintf(&b, "%5s %10s %10s %8s %11s %10s %10s %10s\n", "level", "produced", "handled", "lost", "duplicates", "p50", "p99", "max")
	for _, l := range slices.Backward(r.Levels) {
		fmt.Fprintf(&b, "%5d %10s %10s %8s %11s %10s %10s %10s\n", l.Level, number(l.Produced), number(l.Handled),
			number(l.Lost), number(l.Duplicates), quantile(l, 0.5), quantile(l, 0.99), quantile(l, 1))
	}
	fmt.Fprintf(&b, "%5s %10s %10s %8s %11s\n\n", "all", number(r.Produced), number(r.Handled), number(r.Lost), number(r.Duplicates))
	fmt.Fprintf(&b, "inversions        %6s   a lower level started although a higher message had been ready for 5 ms\n", number(r.Inversions))
	fmt.Fprintf(&b, "blind inversions  %6s   … had been acknowledged to its producer for 50 ms\n", number(r.BlindInversions))
	fmt.Fprintf(&b, "left out          %6s   starts of either kind that %s of the machine explain%s\n\n",
		number(r.LeftOut), plural(len(r.Stalls), "stall"), third(len(r.Stalls)))
	if r.DryFor > 0 && r.Lost == 0 { // otherwise it was not worked off, but given up
		fmt.Fprintf(&b, "The backlog ran dry %s before the stream ended: for that time nothing was left to overtake.\n", human(r.DryFor))
	}
	b.WriteString(r.Sentence() + "\n")
	return b.String()
}

// Sentence is the run in plain words.
func (r Report) Sentence() string {
	took := fmt.Sprintf("in %.1f s", r.Seconds)
	if r.Clean() {
		high, low := r.waits(true), r.waits(false)
		return fmt.Sprintf("Clean %s: each of %s messages was handled exactly once and none before a waiting higher one; "+
			"high priorities waited %s at the median (99 %%: %s), the backlog %s.",
			took, number(r.Produced), quantile(high, 0.5), quantile(high, 0.99), quantile(low, 0.5))
	}
	var wrong []string
	for _, w := range []struct {
		n    int
		text string
	}{
		{r.Lost, "not handled"}, {r.Duplicates, "handled once too often"},
		{r.Inversions, "started before a ready higher one"}, {r.BlindInversions, "started before a higher one that the brokers had"},
	} {
		if w.n > 0 {
			wrong = append(wrong, number(w.n)+" "+w.text)
		}
	}
	return fmt.Sprintf("Not clean %s, of %s messages: %s.", took, number(r.Produced), strings.Join(wrong, ", "))
}

// waits are those of all high levels, or of all low ones.
func (r Report) waits(high bool) verdict.Level {
	var all verdict.Level
	for _, l := range r.Levels {
		if (l.Level > lowMax) == high {
			all.Waits = append(all.Waits, l.Waits...)
		}
	}
	slices.Sort(all.Waits)
	return all
}

func quantile(l verdict.Level, q float64) string {
	if len(l.Waits) == 0 {
		return "-"
	}
	return human(l.Quantile(q))
}

// human is a duration with about three digits.
func human(d time.Duration) string {
	switch {
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func number(n int) string { return term.Number(int64(n)) }

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return number(n) + " " + word + "s"
}

// third is the ending of a verb in the third person.
func third(n int) string {
	if n == 1 {
		return "s"
	}
	return ""
}

package simulation

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/scheduler"
)

// Table prints the report for people.
func (p *Report) Table(to io.Writer) error {
	c := p.config
	fmt.Fprintf(to, "%v of virtual time, %s, %s, seed %d\n", c.For, count(c.Instances, "instance"), count(c.Pool.Slots, "slot")+" each", c.Seed)
	fmt.Fprintf(to, "policy %s; slots busy %.0f %%; %s events", policyText(c.Pool.Policy), 100*p.result.Busy, term.Number(int64(p.result.Events)))
	if p.result.Preempted > 0 {
		fmt.Fprintf(to, "; %s attempts preempted", term.Number(p.result.Preempted))
	}
	fmt.Fprintf(to, "\n\n")
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "LEVEL\tPRODUCED\tHANDLED\tWAITING\tIN FLIGHT\tRATE/S\tP50\tP99\tMAX\t")
	var verdicts []string
	for n := range p.rows {
		r := &p.rows[n]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", r.name, term.Number(r.Produced), term.Number(r.Handled()),
			term.Number(r.Waiting()), term.Number(r.InFlight), perSecond(p.perSecond(r.Handled())),
			r.wait(0.5), r.wait(0.99), r.wait(1))
		verdicts = append(verdicts, p.verdict(r)+r.extras())
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print table: %w", err)
	}
	return p.printVerdicts(to, verdicts)
}

// printVerdicts says one thing a line, levels of one verdict together.
func (p *Report) printVerdicts(to io.Writer, verdicts []string) error {
	fmt.Fprintln(to)
	for n := 0; n < len(verdicts); {
		end := n + 1
		for end < len(verdicts) && verdicts[end] == verdicts[n] {
			end++
		}
		names, word := p.rows[n].name, "level"
		if end-n > 1 || p.rows[n].of > 1 {
			word = "levels"
		}
		if end-n > 1 {
			from, _, _ := strings.Cut(p.rows[end-1].name, "-")
			_, last, two := strings.Cut(names, "-")
			if !two {
				last = names
			}
			names = from + "-" + last
		}
		if _, err := fmt.Fprintf(to, "%s %s: %s\n", word, names, verdicts[n]); err != nil {
			return fmt.Errorf("print table: %w", err)
		}
		n = end
	}
	return nil
}

func (r *row) wait(q float64) string {
	if r.Waits.Count() == 0 {
		return "-"
	}
	if q == 1 {
		return short(r.Waits.Max())
	}
	return short(r.Waits.Quantile(q))
}

// extras are what most loads don't have.
func (r *row) extras() (text string) {
	for _, one := range []struct {
		n    int64
		what string
	}{
		{r.Failures, "attempts failed"}, {r.Dead, "became dead letters"}, {r.Held, "are held"}, {r.Repeats, "were started again"},
	} {
		if one.n > 0 {
			text += fmt.Sprintf("; %s %s", term.Number(one.n), one.what)
		}
	}
	return text
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

func perSecond(rate float64) string {
	if rate >= 100 {
		return term.Number(int64(rate + 0.5))
	}
	return strconv.FormatFloat(rate, 'f', 1, 64)
}

// policyText is a policy as boostd.yaml has it.
func policyText(p scheduler.Policy) string {
	parts := []string{"mode: strict"}
	if p.Exclusive {
		parts[0] = "mode: exclusive"
	}
	if p.MaxWait > 0 {
		parts = append(parts, "max_wait: "+p.MaxWait.String())
	}
	if len(p.MinShare) > 0 {
		var shares []string
		for _, s := range p.MinShare {
			shares = append(shares, fmt.Sprintf("%d: %d", s.Level, s.Percent))
		}
		parts = append(parts, "min_share: {"+strings.Join(shares, ", ")+"}")
	}
	if len(p.Reserve) > 0 {
		var reserves []string
		for _, r := range p.Reserve {
			reserves = append(reserves, fmt.Sprintf("%d: %d", r.From, r.Slots))
		}
		parts = append(parts, "reserve: {"+strings.Join(reserves, ", ")+"}")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

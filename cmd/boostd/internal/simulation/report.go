package simulation

import (
	"fmt"
	"time"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/scheduler/sim"
)

// Report is a result with what it was made from.
type Report struct {
	config *sim.Config
	result *sim.Result
	// rows are levels, or bands of them where there are too many for a table,
	// highest first.
	rows []row
}

// maxRows is how many levels a table or a plot shows one by one.
const maxRows = 50

// row is a level, or some that follow each other.
type row struct {
	name string
	sim.Level
	// worst is how many have the verdict, of how many.
	worst, of int
}

// NewReport shows a result. Neither of the two is changed.
func NewReport(c *sim.Config, r *sim.Result) *Report {
	p := &Report{config: c, result: r}
	width := (len(r.Levels) + maxRows - 1) / maxRows
	for end := len(r.Levels); end > 0; end -= width {
		p.rows = append(p.rows, band(r.Levels[max(end-width, 0):end]))
	}
	return p
}

// band sums levels up. Its verdict and stall are those of the worst.
func band(levels []sim.Level) row {
	b := row{name: fmt.Sprint(levels[0].Level), Level: levels[0], worst: 1, of: len(levels)}
	if len(levels) > 1 {
		b.name = fmt.Sprintf("%d-%d", levels[0].Level, levels[len(levels)-1].Level)
		b.Slowest = append([]time.Duration(nil), b.Slowest...)
	}
	for n := 1; n < len(levels); n++ {
		b.add(&levels[n])
	}
	return b
}

func (b *row) add(l *sim.Level) {
	switch {
	case l.Verdict > b.Verdict || l.Verdict == b.Verdict && l.Stall.For > b.Stall.For:
		if l.Verdict > b.Verdict {
			b.worst = 0
		}
		b.Verdict, b.Stall = l.Verdict, l.Stall
		b.worst++
	case l.Verdict == b.Verdict:
		b.worst++
	}
	b.Produced += l.Produced
	b.Done, b.Dead, b.Held = b.Done+l.Done, b.Dead+l.Dead, b.Held+l.Held
	b.Broker, b.Queued, b.InFlight = b.Broker+l.Broker, b.Queued+l.Queued, b.InFlight+l.InFlight
	b.Failures, b.Repeats, b.Grown = b.Failures+l.Failures, b.Repeats+l.Repeats, b.Grown+l.Grown
	b.Waits = b.Waits.Merged(&l.Waits)
	if b.Slowest == nil && l.Slowest != nil {
		b.Slowest = make([]time.Duration, len(l.Slowest))
	}
	for n, d := range l.Slowest {
		b.Slowest[n] = max(b.Slowest[n], d)
	}
}

// perSecond is a rate over the whole time.
func (p *Report) perSecond(n int64) float64 { return float64(n) / p.result.For.Seconds() }

// verdict is a row's in words.
func (p *Report) verdict(r *row) string {
	text := r.Verdict.String()
	switch r.Verdict {
	case sim.Starves:
		text = fmt.Sprintf("starves: from %s on nothing was started for %s while %s waited",
			short(r.Stall.From), short(r.Stall.For), term.Number(r.Stall.Waiting))
	case sim.FallsBehind:
		text = fmt.Sprintf("falls behind: %s more wait than halfway", term.Number(r.Grown))
	case sim.Clears:
		text = "works off its backlog: " + term.Number(r.Waiting()) + " are left"
	}
	if r.of > 1 && r.Verdict != sim.KeepsUp {
		text = fmt.Sprintf("%d of %d levels: %s", r.worst, r.of, text)
	}
	return text
}

// short is a duration to three digits.
func short(d time.Duration) string {
	for unit := time.Duration(1); unit < 1<<62/1000; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
	return d.String()
}

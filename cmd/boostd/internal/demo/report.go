package demo

import (
	"encoding/json"
	"math"
	"time"

	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/audit/verdict"
)

// Report is how a run ended.
type Report struct {
	verdict.Verdict
	// Seconds is the whole run.
	Seconds float64
	// Stalls of the machine while the daemon ran.
	Stalls []verdict.Interval
	// DryFor is how long before the end of the stream the last backlog message
	// had started: from then on the stream had nothing to overtake.
	DryFor time.Duration
}

// judge fills the report from the two witnesses. The stream ended at streamed,
// or never began.
func (r *Report) judge(ledger []verdict.Entry, records []audit.Record, streamed time.Time) {
	r.Verdict = verdict.Judge(ledger, records, r.Stalls)
	if last := lastLow(records); !streamed.IsZero() && last.Before(streamed) {
		r.DryFor = streamed.Sub(last)
	}
}

// lastLow is the last start of a backlog message.
func lastLow(records []audit.Record) (last time.Time) {
	for n := range records {
		if r := &records[n]; r.Level <= lowMax && r.StartedAt.After(last) {
			last = r.StartedAt
		}
	}
	return last
}

// document is the report as design.md has it.
type document struct {
	Produced        int             `json:"produced"`
	Handled         int             `json:"handled"`
	Lost            int             `json:"lost"`
	Duplicates      int             `json:"duplicates"`
	Inversions      int             `json:"inversions"`
	BlindInversions int             `json:"blind_inversions"`
	Seconds         float64         `json:"seconds"`
	Levels          []levelDocument `json:"levels"`
}

type levelDocument struct {
	Level    int          `json:"level"`
	Produced int          `json:"produced"`
	Handled  int          `json:"handled"`
	Wait     waitDocument `json:"wait_ms"`
}

// waitDocument has null for what isn't known.
type waitDocument struct {
	P50 *float64 `json:"p50"`
	P99 *float64 `json:"p99"`
	Max *float64 `json:"max"`
}

// JSON is the document of `demo --json`, with a newline.
func (r Report) JSON() ([]byte, error) {
	d := document{
		Produced: r.Produced, Handled: r.Handled, Lost: r.Lost, Duplicates: r.Duplicates,
		Inversions: r.Inversions, BlindInversions: r.BlindInversions,
		Seconds: rounded(r.Seconds), Levels: []levelDocument{},
	}
	for _, l := range r.Levels {
		d.Levels = append(d.Levels, levelDocument{
			Level: int(l.Level), Produced: l.Produced, Handled: l.Handled,
			Wait: waitDocument{inMillis(l, 0.5), inMillis(l, 0.99), inMillis(l, 1)},
		})
	}
	text, err := json.MarshalIndent(d, "", "  ")
	return append(text, '\n'), err
}

func inMillis(l verdict.Level, q float64) *float64 {
	if len(l.Waits) == 0 {
		return nil
	}
	ms := rounded(float64(l.Quantile(q)) / float64(time.Millisecond))
	return &ms
}

func rounded(f float64) float64 { return math.Round(f*1000) / 1000 }

package simulation

import "time"

// Document is the report as JSON, every level on its own.
type Document struct {
	Seed      uint64  `json:"seed"`
	Seconds   float64 `json:"seconds"`
	Instances int     `json:"instances"`
	Slots     int     `json:"slots"`
	Policy    string  `json:"policy"`
	Events    uint64  `json:"events"`
	Busy      float64 `json:"busy"`
	Preempted int64   `json:"preempted"`
	Levels    []level `json:"levels"`
}

type level struct {
	Level    int     `json:"level"`
	Produced int64   `json:"produced"`
	Handled  int64   `json:"handled"`
	Waiting  waiting `json:"waiting"`
	InFlight int64   `json:"in_flight"`
	Failed   int64   `json:"failed_attempts"`
	Dead     int64   `json:"dead"`
	Held     int64   `json:"held"`
	Repeated int64   `json:"repeated"`
	Rate     float64 `json:"rate"`
	// WaitMS is null when nothing was started.
	WaitMS  *waitMS `json:"wait_ms"`
	Stall   stall   `json:"stall"`
	Verdict string  `json:"verdict"`
	Text    string  `json:"text"`
}

type waiting struct {
	Broker int64 `json:"broker"`
	Queued int64 `json:"queued"`
}

type waitMS struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

type stall struct {
	FromS   float64 `json:"from_s"`
	Seconds float64 `json:"seconds"`
	Waiting int64   `json:"waiting"`
}

// Document makes it.
func (p *Report) Document() Document {
	c, r := p.config, p.result
	d := Document{
		Seed: c.Seed, Seconds: r.For.Seconds(), Instances: c.Instances, Slots: c.Pool.Slots, Policy: policyText(c.Pool.Policy),
		Events: r.Events, Busy: rounded(r.Busy), Preempted: r.Preempted, Levels: []level{},
	}
	for n := range r.Levels {
		one := band(r.Levels[n : n+1])
		d.Levels = append(d.Levels, p.level(&one))
	}
	return d
}

func (p *Report) level(r *row) level {
	l := level{
		Level: int(r.Level.Level), Produced: r.Produced, Handled: r.Handled(), Waiting: waiting{r.Broker, r.Queued},
		InFlight: r.InFlight, Failed: r.Failures, Dead: r.Dead, Held: r.Held, Repeated: r.Repeats, Rate: rounded(p.perSecond(r.Handled())),
		Stall:   stall{rounded(r.Stall.From.Seconds()), rounded(r.Stall.For.Seconds()), r.Stall.Waiting},
		Verdict: r.Verdict.String(), Text: p.verdict(r),
	}
	if r.Waits.Count() > 0 {
		l.WaitMS = &waitMS{ms(r.Waits.Quantile(0.5)), ms(r.Waits.Quantile(0.99)), ms(r.Waits.Max())}
	}
	return l
}

func ms(d time.Duration) float64 { return rounded(d.Seconds() * 1000) }

// rounded has three digits behind the point.
func rounded(f float64) float64 {
	if f > 1e12 {
		return f
	}
	return float64(int64(f*1000+0.5)) / 1000
}

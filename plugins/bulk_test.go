package plugins

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kafkaboost/boostd"
)

// run hands out so many messages, and notes when each was reported.
type run struct {
	messages []boostd.Message
	taken    int
	began    time.Time
	ended    []time.Duration
	results  []boostd.Outcome
	most     int // taken and not reported, at once
}

func newRun(n int) *run { return &run{messages: make([]boostd.Message, n), began: time.Now()} }

func (r *run) Next() (*boostd.Message, bool) {
	if r.taken == len(r.messages) {
		return nil, false
	}
	r.taken++
	r.most = max(r.most, r.taken-len(r.ended))
	return &r.messages[r.taken-1], true
}

func (r *run) Report(_ *boostd.Message, result boostd.Result) {
	r.ended = append(r.ended, time.Since(r.began))
	r.results = append(r.results, result.Outcome)
}

func TestBatchIsHandledAsOne(t *testing.T) {
	const length = 10 * time.Millisecond
	sleep := &SleepConfig{Min: boostd.Duration(length)}
	for name, c := range map[string]struct {
		config Config
		most   int
		took   time.Duration
	}{
		"sleep":              {Config{Sleep: sleep, Batch: BatchConfig{Max: 5}}, 5, length},
		"sleep one by one":   {Config{Sleep: sleep}, 1, 5 * length},
		"noop":               {Config{Noop: &NoopConfig{}, Batch: BatchConfig{Max: 5}}, 5, 0},
		"noop, one by one":   {Config{Noop: &NoopConfig{}}, 1, 0},
		"log has no batches": {Config{Log: &LogConfig{}}, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, r := newHandler(t, c.config, nil), newRun(5)
				h.Handle(t.Context(), r)
				if r.most != c.most || len(r.ended) != 5 || r.ended[4] != c.took || slices.Max(r.results) != boostd.Done {
					t.Errorf("%d at once, reported after %v, results %v; want %d at once, and %v", r.most, r.ended, r.results, c.most, c.took)
				}
				h.Handle(t.Context(), newRun(0)) // everything was handed back
			})
		})
	}
}

// When the context ends, so does the whole batch; and another Max holds from the next
// one on.
func TestBatchEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Config{Sleep: &SleepConfig{Min: boostd.Duration(time.Hour)}, Batch: BatchConfig{Max: 3}}
		h, r := newHandler(t, c, nil), newRun(3)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		h.Handle(ctx, r)
		if !slices.Equal(r.results, []boostd.Outcome{boostd.Retry, boostd.Retry, boostd.Retry}) {
			t.Errorf("results %v", r.results)
		}
		c.Batch.Max = 1
		h.Reconfigure(c)
		r = newRun(3)
		h.Handle(ctx, r)
		if r.most != 1 {
			t.Errorf("%d at once after a change to one", r.most)
		}
	})
}

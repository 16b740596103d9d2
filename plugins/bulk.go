package plugins

import (
	"context"

	"github.com/kafkaboost/boostd"
)

// bulkDoer is a kind that works on several messages as on one: doAll carries out an
// attempt of each, and writes what became of it into results, which is as long. It is
// called, and returns, as do is.
type bulkDoer interface {
	doAll(ctx context.Context, all []*boostd.Message, results []boostd.Result)
}

// bulkKinds are the kinds that may be given several: bulkDoers, and takers that work
// on what they take as on one.
var bulkKinds = []string{"noop", "sleep", "http", "plugin"}

// handleAll works on all that it is given as on one.
func (h *Handler) handleAll(ctx context.Context, work boostd.Work, d bulkDoer) {
	var all []*boostd.Message
	for m, ok := work.Next(); ok; m, ok = work.Next() {
		all = append(all, m)
	}
	if len(all) == 0 {
		return
	}
	results := make([]boostd.Result, len(all))
	d.doAll(ctx, all, results)
	for n, m := range all {
		work.Report(m, results[n])
	}
}

func (noopDoer) doAll(_ context.Context, _ []*boostd.Message, results []boostd.Result) {
	for n := range results {
		results[n] = done()
	}
}

// doAll sleeps once for all.
func (d sleepDoer) doAll(ctx context.Context, all []*boostd.Message, results []boostd.Result) {
	result := d.do(ctx, all[0])
	for n := range results {
		results[n] = result
	}
}

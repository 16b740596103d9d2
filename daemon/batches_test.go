package daemon

import (
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/scheduler"
)

// Batches are handed to the pools, at the start and by a reload.
func TestBatchesReachTheirPools(t *testing.T) {
	r := newReloadable(t)
	for _, step := range []struct {
		from, to, says string
		want           scheduler.Batch // of i
	}{
		{"", "", "have not changed", scheduler.Batch{Max: 1}},
		{"slots: 2", "slots: 2, batch: {max: 7, wait: 20ms}", "another handlers.i.batch.max, handlers.i.batch.wait", scheduler.Batch{Max: 7, Wait: 20 * time.Millisecond}},
		{"slots: 2", "slots: 2, batch: {max: 8}", "another handlers.i.batch.max, handlers.i.batch.wait", scheduler.Batch{Max: 8}},
	} {
		r.yaml = strings.Replace(reloadBase, step.from, step.to, 1)
		answer, err := r.Reload(t.Context())
		if err != nil || !strings.Contains(answer.Text, step.says) {
			t.Errorf("%s says %q, %v; want %q", step.to, answer.Text, err, step.says)
		}
		if got := handlerChanges(r.ruling())[1].Batch; got != step.want {
			t.Errorf("%s: the pool is told %+v, want %+v", step.to, got, step.want)
		}
		specs, err := withConfig(&Daemon{logger: r.logger}, r.file()).handlerSpecs()
		if err != nil || specs[1].Batch != step.want {
			t.Errorf("%s: a start has %+v, %v; want %+v", step.to, specs[1].Batch, err, step.want)
		}
	}
}

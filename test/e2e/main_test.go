// Package e2e runs the whole of boostd, inside the test or as a process, against
// the embedded broker and against real Kafka, from one list of cases.
package e2e

import (
	"os"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/audit/verdict"
	"github.com/kafkaboost/boostd/test/rig"
)

// clusters are what every case runs on.
var clusters = []*rig.Cluster{rig.Embedded(), rig.Real()}

// parallel is how many cases run at once: most of their time they wait for
// groups to form and timeouts to end.
const parallel = "8"

// patience is how long a higher message may have been ready as a lower one
// starts, however busy the machine is. The tests that use it keep higher
// messages waiting for longer.
const patience = 200 * time.Millisecond

func TestMain(m *testing.M) { os.Exit(rig.Main(m, parallel, clusters...)) }

// onEachAlone runs a case that judges by the clock on every cluster, before all
// that run beside others.
func onEachAlone(t *testing.T, test func(t *testing.T, c *rig.Cluster)) {
	for _, c := range clusters {
		t.Run(c.Name, func(t *testing.T) { test(t, c) })
	}
}

// onEach runs a case on every cluster, beside other cases.
func onEach(t *testing.T, test func(t *testing.T, c *rig.Cluster)) {
	t.Parallel()
	for _, c := range clusters {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

// clean checks what must hold in every case: nothing lost, nothing repeated.
func clean(t *testing.T, load *rig.Load) verdict.Verdict {
	t.Helper()
	v := load.Verdict()
	t.Log(rig.Describe(v))
	if v.Lost+v.Duplicates > 0 {
		t.Errorf("lost %d, repeated %d; want 0 of both", v.Lost, v.Duplicates)
	}
	return v
}

// strict is clean, and no lower message of this one instance went first: not by
// the verdict, which leaves out what a stall may explain, and not by more than
// patience, whatever stalls. For cases that run alone.
func strict(t *testing.T, s *rig.Setup, load *rig.Load) {
	t.Helper()
	if v := clean(t, load); v.Inversions > 0 {
		t.Errorf("%d inversions, want 0", v.Inversions)
	}
	if n := rig.Inversions(s.Audit(t), patience); n > 0 {
		t.Errorf("%d inversions of more than %v", n, patience)
	}
}

// exits checks a process's exit code.
func exits(t *testing.T, p *rig.Process, code, want int) {
	t.Helper()
	if code != want {
		t.Errorf("exit code %d, want %d", code, want)
	}
	if p.Says("panic:") || p.Says("goroutine ") {
		t.Error("its output shows a stack")
	}
}

// says checks that a process's output has the texts.
func says(t *testing.T, p *rig.Process, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !p.Says(text) {
			t.Errorf("its output doesn't say %q", text)
		}
	}
}

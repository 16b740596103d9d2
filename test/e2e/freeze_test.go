package e2e

import (
	"syscall"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// A daemon that is frozen for longer than its session, as by a suspended
// machine, loses its partitions to another one. When it goes on it commits
// nothing of what it held: nothing is lost, and it works again.
func TestFrozenDaemon(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 10, Partitions: 4, Handler: "sleep: {max: 10ms}, slots: 4",
			Kafka: `  properties: {session.timeout.ms: "6000"}`})
		load := s.Load(t)
		load.Fill(0, 1500, 100)
		load.Fill(10, 500, 100)
		lines := rig.DoneLines{Path: s.AuditPath()}
		frozen := s.Spawn(t)
		rig.Eventually(t, "a part is done", func() bool { return lines.Count() > 600 })
		frozen.Signal(syscall.SIGSTOP)
		held := lines.Count() - int(s.Done(t))
		other := s.Spawn(t)
		load.AwaitHandled() // by the other, once the session is over
		before := s.Committed(t)
		frozen.Signal(syscall.SIGCONT)
		rig.Eventually(t, "the frozen one knows that its partitions are lost", func() bool { return frozen.Says("partitions lost") })
		load.Fill(0, 300, 100)
		load.Fill(10, 300, 100)
		load.AwaitHandled()
		exits(t, other, other.Terminate(), 0)
		load.Fill(0, 100, 100)
		load.Fill(10, 100, 100)
		load.AwaitHandled() // by the one that was frozen
		exits(t, frozen, frozen.Terminate(), 0)
		v := load.Verdict()
		t.Logf("%s; %d were done and not committed at the freeze", rig.Describe(v), held)
		// Beside those, what it had in flight, and what of its window it started
		// before it learnt of the loss.
		if v.Lost > 0 || v.Duplicates > held+1024 {
			t.Errorf("lost %d, repeated %d; want 0, and at most a window more than %d", v.Lost, v.Duplicates, held)
		}
		for tp, offset := range s.Committed(t) {
			if offset < before[tp] {
				t.Errorf("%v was committed at %d and is at %d", tp, before[tp], offset)
			}
			if offset > load.End(tp) {
				t.Errorf("%v is committed at %d, its end is %d", tp, offset, load.End(tp))
			}
		}
	})
}

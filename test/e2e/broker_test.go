package e2e

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/kafkaboost/boostd/test/rig"
)

// mortal is a broker of a test's own, which ends and comes back.
type mortal struct {
	address string
	kill    func()
	freeze  func()
	revive  func()
}

// mortals make one of each kind.
var mortals = map[string]func(t *testing.T) mortal{
	"embedded": func(t *testing.T) mortal {
		address, dir := freeAddress(t), filepath.Join(t.TempDir(), "data")
		var p *rig.Process
		m := mortal{address: address}
		m.revive = func() {
			p = rig.Spawn(t, "broker", "--listen", address, "--data", dir)
			rig.Eventually(t, "the broker listens", func() bool { return p.Says("listening on") })
		}
		m.kill = func() { exits(t, p, p.Terminate(), 0) } // it keeps its data in memory until then
		m.freeze = func() { p.Signal(syscall.SIGSTOP) }
		m.revive()
		return m
	},
	"kafka": func(t *testing.T) mortal {
		c := kafkatest.New(t, kafkatest.Options{FastFailover: true})
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		return mortal{
			address: c.Brokers()[0],
			kill:    func() { must(c.Node(0).Kill()) },
			freeze:  func() { must(c.Node(0).Pause()) },
			revive: func() {
				ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
				defer cancel()
				must(c.Node(0).Start(ctx))
			},
		}
	},
}

// onMortals runs a case on a broker of its own of each kind.
func onMortals(t *testing.T, test func(t *testing.T, b mortal)) {
	t.Parallel()
	for name, start := range mortals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t))
		})
	}
}

// A broker that goes away under load and comes back within the session costs
// time and nothing else: the members keep their partitions.
func TestBrokerComesBack(t *testing.T) {
	onMortals(t, func(t *testing.T, b mortal) {
		const messages = 3000
		s := rig.Plan(t, []string{b.address}, rig.Options{Min: 10, Handler: "sleep: {max: 8ms}, slots: 4",
			Kafka: `  properties: {session.timeout.ms: "30000"}`}) // a broker takes long to start on a busy machine
		s.Ensure(t)
		load := s.Load(t)
		load.Fill(0, messages/2, 100)
		load.Fill(10, messages/2, 100)
		p := s.Spawn(t)
		lines := rig.DoneLines{Path: s.AuditPath()}
		rig.Eventually(t, "a part is done", func() bool { return lines.Count() > messages/3 })
		b.kill()
		began := time.Now()
		b.revive()
		t.Logf("the broker was away for %v", time.Since(began))
		load.AwaitHandled()
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
		if p.Says("partitions lost") {
			t.Error("the daemon lost its partitions")
		}
	})
}

// Without a broker a stop takes its budget at most, and tells that something
// could not be committed.
func TestStopWithoutABroker(t *testing.T) {
	onMortals(t, func(t *testing.T, b mortal) {
		s := rig.Plan(t, []string{b.address}, rig.Options{Min: 10, Handler: "sleep: {max: 8ms}, slots: 4", Extra: "drain: 2s"})
		s.Ensure(t)
		s.Load(t).Fill(0, 3000, 100)
		p := s.Spawn(t)
		lines := rig.DoneLines{Path: s.AuditPath()}
		rig.Eventually(t, "a part is done", func() bool { return lines.Count() > 500 })
		b.freeze()
		began := time.Now()
		exits(t, p, p.Terminate(), 70)
		took := time.Since(began)
		t.Logf("stopped within %v", took)
		if took > 18*time.Second { // drain 2 s, cancel 2 s, commit and close 10 s, programs 3 s
			t.Errorf("the stop took %v", took)
		}
		says(t, p, "stopped uncleanly", "commit")
	})
}

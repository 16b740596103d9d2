package e2e

import (
	"encoding/json"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// A replay that is killed at any point is done again: nothing is lost, and what
// comes twice was under way.
func TestDLQReplayKilled(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		const n, inFlight = 2000, 100
		b := bury(t, c)
		b.many(n)
		kills := 3
		for kill := range kills {
			p := rig.Spawn(t, "dlq", "replay", "--yes", "--rate", "0", "-c", b.Path())
			rig.AwaitWritten(t, b.Config.Brokers, b.Topic(9), (kill+1)*n/8)
			p.Kill()
		}
		b.dlq(0, "replay", "--yes", "--rate", "0")
		counts, repeats := b.back(), 0
		for _, times := range counts {
			repeats += times - 1
		}
		t.Logf("%d messages are there, %d of them again", len(counts), repeats)
		if len(counts) != n || repeats > kills*inFlight {
			t.Errorf("%d of %d messages are there, %d of them again; want all, and at most %d again", len(counts), n, repeats, kills*inFlight)
		}
		if left := b.listed(); len(left) > 0 {
			t.Errorf("%d letters are open", len(left))
		}
	})
}

// Ctrl-C says what is done, and nothing comes twice.
func TestDLQReplayInterrupted(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		const n = 400
		b := bury(t, c)
		b.many(n)
		p := rig.Spawn(t, "dlq", "replay", "--yes", "--json", "--rate", "200", "-c", b.Path())
		rig.AwaitWritten(t, b.Config.Brokers, b.Topic(9), 50)
		p.Signal(syscall.SIGINT)
		exits(t, p, p.Wait(rig.Patience), 1)
		var report struct {
			Resolved    int
			Interrupted bool
		}
		if err := json.Unmarshal([]byte(p.Stdout()), &report); err != nil || !report.Interrupted || report.Resolved < 50 || report.Resolved >= n {
			t.Errorf("%v: its report is %s", err, p.Stdout())
		}
		says(t, p, "stopped by a signal", strconv.Itoa(report.Resolved)+" letters are resolved")
		if open := len(b.listed()); open != n-report.Resolved {
			t.Errorf("%d letters are open, want %d", open, n-report.Resolved)
		}
		b.dlq(0, "replay", "--yes", "--rate", "0")
		rig.EachOnce(t, b.Config.Brokers, []string{b.Topic(9)}, n)
	})
}

// A broker that goes and comes back in the middle of a replay costs time, and
// nothing else.
func TestDLQReplayOverARestart(t *testing.T) {
	onMortals(t, func(t *testing.T, broker mortal) {
		const n = 600
		s := rig.Plan(t, []string{broker.address}, rig.Options{Min: 9, Handler: "noop: {}, dead_letter: true"})
		s.Ensure(t)
		b := &buried{s, t, s.Base + "_dlq"}
		topics(t, s, 0, "ensure")
		b.many(n)
		p := rig.Spawn(t, "dlq", "replay", "--yes", "--rate", "150", "-c", b.Path())
		rig.AwaitWritten(t, s.Config.Brokers, s.Topic(9), n/4)
		broker.kill()
		broker.revive()
		exits(t, p, p.Wait(rig.Patience), 0)
		says(t, p, "600 letters replayed")
		rig.EachOnce(t, s.Config.Brokers, []string{s.Topic(9)}, n)
	})
}

// Ten thousand letters are no trouble.
func TestDLQLarge(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		const n = 10_000
		b := bury(t, c)
		b.many(n)
		list := b.dlq(0, "list", "--json")
		if lines := strings.Count(list.Stdout(), "\n"); lines != n {
			t.Errorf("%d letters are listed, want %d", lines, n)
		}
		replay := b.dlq(0, "replay", "--yes", "--rate", "0")
		rig.EachOnce(t, b.Config.Brokers, []string{b.Topic(9)}, n)
		purge := b.dlq(0, "purge", "--yes")
		says(t, purge, "20,000 records deleted")
		t.Logf("list took %v, replay %v, purge %v", list.Took(), replay.Took(), purge.Took())
	})
}

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/test/rig"
)

// crowd is how many requests a service has at once, and the most since the last look.
type crowd struct{ now, most atomic.Int64 }

func (c *crowd) enter() {
	for n := c.now.Add(1); ; {
		if most := c.most.Load(); n <= most || c.most.CompareAndSwap(most, n) {
			return
		}
	}
}

// look is the most since the last look.
func (c *crowd) look() int64 { return c.most.Swap(c.now.Load()) }

// hangup writes boostd.yaml with another handler and other lines, and has it read.
func hangup(t *testing.T, s *rig.Setup, p *rig.Process, handler, extra string) {
	t.Helper()
	s.Handler, s.Extra = handler, extra
	s.WriteConfig(t)
	p.Signal(syscall.SIGHUP)
}

// workHandler is the setup's first handler in status.
func workHandler(t *testing.T, s *rig.Setup) console.Handler {
	t.Helper()
	for _, h := range s.Status(t).Handlers {
		if h.Name == "work" {
			return h
		}
	}
	t.Fatal("status has no handler work")
	return console.Handler{}
}

func allRebalances(t *testing.T, s *rig.Setup) (sum uint64) {
	for _, k := range s.Status(t).Consumers {
		sum += k.Rebalances
	}
	return sum
}

// Slots become more and fewer under load, and then timeout, retry, policy and log
// level change: each has its effect, no partition moves, and nothing is lost or
// repeated.
func TestConfigReloadUnderLoad(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		var requests crowd
		var mended atomic.Bool
		svc := serve(t, func(w http.ResponseWriter, r *http.Request, got request) {
			switch {
			case string(got.body) == "hangs" && got.attempt == 1:
				<-r.Context().Done() // until the attempt's timeout
				return
			case string(got.body) == "bad" && !mended.Load():
				http.Error(w, "not today", http.StatusServiceUnavailable)
				return
			}
			requests.enter()
			<-time.After(5 * time.Millisecond)
			requests.now.Add(-1)
		})
		work := fmt.Sprintf(`http: %q, slots: `, svc.URL)
		s := rig.New(t, c, rig.Options{Min: 9, Partitions: 4, Handler: work + "2"})
		p := s.Spawn(t)
		rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
		before := allRebalances(t, s)
		load := s.Load(t)
		ctx, end := context.WithCancel(t.Context())
		var streams sync.WaitGroup
		for _, level := range []boostd.Level{0, 9, 10} {
			load.Fill(level, 1000, 100) // so that all slots have something to do
			streams.Go(func() { load.Stream(ctx, level, 50, 100) })
		}
		for _, slots := range []int{8, 1, 8} {
			hangup(t, s, p, fmt.Sprint(work, slots), "")
			rig.Eventually(t, "the slots are as many as boostd.yaml says", func() bool {
				h := workHandler(t, s)
				return h.Slots == slots && h.Busy <= slots
			})
			requests.look()
			done := workHandler(t, s).Done
			most := int64(0)
			rig.Eventually(t, "messages are handled, by all slots at once", func() bool {
				most = max(most, requests.look())
				return workHandler(t, s).Done >= done+50 && most >= int64(slots)
			})
			if most > int64(slots) {
				t.Errorf("%d requests at once, with %d slots", most, slots)
			}
		}
		end()
		streams.Wait()
		load.AwaitHandled()

		hangup(t, s, p, work+"8, timeout: 200ms", "policy: {max_wait: 1m}\nlog: {rooms: {scheduler: debug}}")
		rig.Eventually(t, "the policy is in force", func() bool { return strings.Contains(policyIn(t, s, "work"), `"max_wait":"1m0s"`) })
		began := time.Now()
		load.Send(rig.Message{Value: []byte("hangs")})
		load.AwaitHandled()
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("with a timeout of 200ms it took %v", took)
		}
		order, code := s.Command(t, "log-level", "kafka=warn")
		exits(t, order, code, 0)
		says(t, order, "scheduler     debug")

		hangup(t, s, p, work+"8, timeout: 200ms, retry: {attempts: 1}", "policy: {max_wait: 1m}\nlog: {rooms: {probe: trace}}")
		rig.Eventually(t, "the log's levels are as boostd.yaml says", func() bool {
			order, code = s.Command(t, "log-level")
			return code == 0 && order.Says("probe         trace") && !order.Says("scheduler")
		})
		says(t, order, "kafka         warn") // of which boostd.yaml says nothing
		load.Send(rig.Message{Value: []byte("bad")})
		load.Flush()
		rig.Eventually(t, "it is held after one attempt", func() bool { return strings.Contains(held(t, s), "@") })
		if h := workHandler(t, s); h.HeldN != 1 {
			t.Errorf("%d are held", h.HeldN)
		}
		mended.Store(true)
		retry, code := s.Command(t, "held", "retry", held(t, s))
		exits(t, retry, code, 0)
		load.AwaitHandled()
		if after := allRebalances(t, s); after != before {
			t.Errorf("%d rebalances came with the reloads", after-before)
		}
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
	})
}

// What needs a restart is refused by name, and so is what is wrong, at its place:
// nothing of the file is taken then, until it is as it was, or right.
func TestConfigReloadIsRefused(t *testing.T) {
	t.Parallel()
	s := rig.New(t, clusters[0], rig.Options{Min: 9, Handler: "sleep: {max: 1ms}, slots: 4"})
	p := s.Spawn(t, "--set", "drain=7s")
	rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
	good, err := os.ReadFile(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	load := s.Load(t)
	before := allRebalances(t, s)
	for _, refused := range []struct{ from, to, says string }{
		{"slots: 4", "slots: 8, dead_letter: true", "boostd.yaml: handlers.work.dead_letter needs a restart of boostd: nothing was changed"},
		{"group: " + s.Group + "\n", "group: another\n  start: latest\n", "boostd.yaml: kafka.group, kafka.start need a restart of boostd: nothing was changed"},
		{"slots: 4", "slots: many", "boostd.yaml:9:"},
		{"slots: 4", "slots: 8, polcy: {}", `did you mean "policy"`},
		{"slots: 4", "slots: 8, policy: {reserve: {9: 8}}", "handlers.work.policy.reserve.9: 8 slots"},
		{"slots: 4", "slots: 8, policy: {reserve: {12: 1}}", "max_priority 10 doesn't fit boostd.yaml's handlers.work.policy.reserve.12"},
		{"kafka:", "kafka: [", "boostd.yaml:"},
	} {
		s.WriteFile(t, "boostd.yaml", strings.Replace(string(good), refused.from, refused.to, 1))
		order, code := s.Command(t, "settings", "reload")
		exits(t, order, code, 1)
		says(t, order, refused.says)
		await(t, s, "settings", "the old one is in force", refused.says)
		load.Fill(0, 20, 100)
		load.AwaitHandled()
		if h := workHandler(t, s); h.Slots != 4 || !strings.Contains(policyIn(t, s, "work"), `"from":"file"`) {
			t.Errorf("after %q there are %d slots, with the policy %s", refused.to, h.Slots, policyIn(t, s, "work"))
		}
	}
	says(t, p, "boostd.yaml is refused: the old one stays in force")
	s.WriteFile(t, "boostd.yaml", string(good)+"drain: 9s\n") // --set counts before it
	order, code := s.Command(t, "settings", "reload")
	exits(t, order, code, 0)
	says(t, order, "have not changed")
	over(t, s, "settings")
	if after := allRebalances(t, s); after != before {
		t.Errorf("%d rebalances came with the reloads", after-before)
	}
	exits(t, p, p.Terminate(), 0)
	clean(t, load)
}

// boostd.yaml and the document that fit each other, and neither of which fits the
// other's old one, come into force together.
func TestConfigAndSettingsReloadTogether(t *testing.T) {
	t.Parallel()
	s := rig.New(t, clusters[0], rig.Options{Min: 9, Other: "noop: {}, slots: 8", Handler: "noop: {}, slots: 4"})
	p := s.Spawn(t)
	rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
	withPolicy(t, s, `{"reserve": {"9": 6}}`)
	await(t, s, "settings", "settings were refused", "6 slots for level 9 and above, want 1 to 3")
	s.Handler = "noop: {}, slots: 7"
	s.WriteConfig(t)
	order, code := s.Command(t, "settings", "reload")
	exits(t, order, code, 0)
	says(t, order, "boostd.yaml is in force with another handlers.work.slots", "another policy holds for other, work")
	over(t, s, "settings")
	if h := workHandler(t, s); h.Slots != 7 || !strings.Contains(policyIn(t, s, "work"), `"reserve":{"9":6}`) {
		t.Errorf("there are %d slots, with the policy %s", h.Slots, policyIn(t, s, "work"))
	}
	s.Handler = "noop: {}, slots: 6"
	s.WriteConfig(t)
	order, code = s.Command(t, "settings", "reload")
	exits(t, order, code, 1)
	says(t, order, "/boostd/policy/reserve: doesn't fit handler work: 6 slots for level 9 and above, want 1 to 5: the handler has 6")
	await(t, s, "settings", "boostd.yaml was refused")
	exits(t, p, p.Terminate(), 0)
}

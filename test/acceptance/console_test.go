//go:build acceptance

package acceptance

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/test/rig"
)

// TestLookingCostsLittle: status and metrics, asked ten times a second, cost at
// most 1 % of the throughput. A machine whose other work changes the throughput
// by more than that can't tell; so the process's own CPU time for each message is
// compared, over rounds that alternate.
func TestLookingCostsLittle(t *testing.T) {
	const messages, rounds = 1_000_000, 5
	s := rig.New(t, kafka, rig.Options{Min: 10, Partitions: 6, Handler: "noop: {}, slots: 64", AuditFile: "/dev/null",
		Extra: "console: {listen: 127.0.0.1:0}"})
	s.Load(t).Fill(0, messages, 100)
	took := map[bool][]time.Duration{}
	cpu := map[bool][]time.Duration{}
	for round := range 2 * rounds {
		looked := round%2 == 1
		s.Group = fmt.Sprintf("%s-%d", strings.SplitN(s.Group, "-round", 2)[0], round)
		s.WriteConfig(t)
		p := s.Spawn(t)
		ctx, cancel := context.WithCancel(t.Context())
		var lookers sync.WaitGroup
		if looked {
			lookers.Go(func() { look(ctx, t, s, p) })
		}
		began := time.Now()
		rig.EventuallyIn(t, 2*time.Minute, "all is done", func() bool { return s.Done(t) == messages })
		took[looked] = append(took[looked], time.Since(began))
		cpu[looked] = append(cpu[looked], p.CPU())
		cancel()
		lookers.Wait()
		p.Terminate()
	}
	slices.Sort(cpu[false])
	slices.Sort(cpu[true])
	without, with := cpu[false][rounds/2], cpu[true][rounds/2]
	cost := 100 * (float64(with)/float64(without) - 1)
	t.Logf("time for %d messages: without looking %v, with %v; CPU: without %v, with %v: %.1f %% more",
		messages, took[false], took[true], cpu[false], cpu[true], cost)
	if cost > 1 {
		t.Errorf("looking costs %.1f %%, want at most 1", cost)
	}
}

// look asks for status and metrics ten times a second until ctx ends.
func look(ctx context.Context, t *testing.T, s *rig.Setup, p *rig.Process) {
	client := console.Dial(s.Control)
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		if _, err := client.Status(ctx); err != nil && ctx.Err() == nil {
			t.Logf("status: %v", err)
		}
		if address, ok := p.Console(); ok {
			if r, err := http.Get(address + "/metrics"); err == nil {
				_, _ = io.Copy(io.Discard, r.Body)
				r.Body.Close()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

//go:build acceptance

package acceptance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/test/rig"
)

// TestLookingCostsLittle: status and metrics, asked ten times a second, cost at
// most 1 % of the throughput. Throughput itself varies by more than that; so the
// process's CPU time is compared, over rounds that alternate, for the same
// messages: what looking adds to it in a second is what a machine with all its
// cores busy would lack.
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
		awaitDone(ctx, t, s, messages)
		took[looked] = append(took[looked], time.Since(began))
		cpu[looked] = append(cpu[looked], p.CPU())
		cancel()
		lookers.Wait()
		p.Terminate()
	}
	slices.Sort(cpu[false])
	slices.Sort(cpu[true])
	without, with := cpu[false][rounds/2], cpu[true][rounds/2]
	slices.Sort(took[true])
	cost := 100 * (with - without).Seconds() / took[true][rounds/2].Seconds() / float64(runtime.NumCPU())
	t.Logf("time for %d messages: without looking %v, with %v; CPU: without %v, with %v: %.2f %% of the cores",
		messages, took[false], took[true], cpu[false], cpu[true], cost)
	if cost > 1 {
		t.Errorf("looking costs %.2f %% of the cores, want at most 1", cost)
	}
}

// awaitDone asks every half a second, in rounds of both kinds.
func awaitDone(ctx context.Context, t *testing.T, s *rig.Setup, messages uint64) {
	t.Helper()
	client := console.Dial(s.Control)
	for deadline := time.Now().Add(2 * time.Minute); ; <-time.After(500 * time.Millisecond) {
		status, err := client.Status(ctx)
		if err == nil && len(status.Handlers) > 0 && status.Handlers[0].Done == messages {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not all is done: %+v, %v", status, err)
		}
	}
}

// look asks for status and metrics ten times a second until ctx ends.
func look(ctx context.Context, t *testing.T, s *rig.Setup, p *rig.Process) {
	client := console.Dial(s.Control)
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		if _, err := client.Status(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, console.ErrNoDaemon) {
			t.Errorf("status: %v", err)
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

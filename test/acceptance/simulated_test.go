//go:build acceptance

package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/scheduler/sim"
	"github.com/kafkaboost/boostd/test/rig"
)

// run is what a trial came to with real daemons.
type run struct {
	idle []audit.Record
	// began is when the load's time began, first when the first message of it was
	// fetched.
	began, first time.Time
	end          time.Time
	waits        map[boostd.Level][]time.Duration
	takes        []time.Duration
}

// idlePerSecond is how many messages a second a daemon gets that has nothing
// else to do.
const idlePerSecond = 40

// idle are the attempts of ten seconds in which messages come one by one.
func idle(t *testing.T, s *rig.Setup, load *rig.Load) []audit.Record {
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
	defer cancel()
	began := time.Now()
	load.Stream(ctx, 10, idlePerSecond, 100)
	load.AwaitHandled()
	return slices.DeleteFunc(s.Audit(t), func(r audit.Record) bool {
		return r.ProducedAt.Before(began.Add(2 * time.Second)) // it has only begun
	})
}

// floor is what an idle message needs from its production to its start.
func (r *run) floor() time.Duration {
	var all []time.Duration
	for _, a := range r.idle {
		all = append(all, a.StartedAt.Sub(a.ProducedAt))
	}
	return quantilesOf(all).p50
}

// measure takes down the waits of first starts. What was there before the first
// fetch is a backlog, and waits from then on.
func (r *run) measure(records []audit.Record) {
	first := map[rig.Place]*audit.Record{}
	for n := range records {
		a := &records[n]
		if was := first[rig.PlaceOf(*a)]; was == nil || a.StartedAt.Before(was.StartedAt) {
			first[rig.PlaceOf(*a)] = a
		}
		if r.first.IsZero() || a.FetchedAt.Before(r.first) {
			r.first = a.FetchedAt
		}
		if a.FinishedAt.After(r.end) {
			r.end = a.FinishedAt
		}
		r.takes = append(r.takes, a.FinishedAt.Sub(a.StartedAt))
	}
	r.waits = map[boostd.Level][]time.Duration{}
	for _, a := range first {
		from := a.ProducedAt
		if from.Before(r.first) && from.Before(r.began) {
			from = r.first.Add(-r.fetch())
		}
		r.waits[a.Level] = append(r.waits[a.Level], a.StartedAt.Sub(from))
	}
}

// fetch is the floor without the way from the scheduler to the handler, which the
// simulation has apart.
func (r *run) fetch() time.Duration { return r.floor() - sim.Measured.Dispatch }

func (r *run) levels() []boostd.Level { return slices.Sorted(maps.Keys(r.waits)) }

// file is the trial as a load to simulate.
func (c *trial) file(r *run) string {
	zero := r.began
	if c.backlog() > 0 {
		zero = r.first.Add(-r.fetch())
	}
	shift := r.began.Sub(zero)
	text := fmt.Sprintf("for: %v\ninstances: %d\nslots: %d\nlevels: 11\nhandler: %s\nlatency: {fetch: %v}\nload:\n",
		2*r.end.Sub(zero).Round(time.Second), c.instances, c.slots, handlerTimes(r.idle), r.fetch())
	for _, a := range c.arrivals {
		text += a.YAML(c.partitions, shift)
	}
	if c.away > 0 {
		text += fmt.Sprintf("events:\n  - {at: %v, instance: %d, leave: true}\n  - {at: %v, instance: %d, join: true}\n",
			c.away, c.instances, c.back, c.instances)
	}
	return text
}

// handlerTimes is how long the handler took, as a mix of twenty equal parts: even
// between the shortest and the longest of each, but for the last one, whose few
// long ones would count for too much.
func handlerTimes(records []audit.Record) string {
	var all []time.Duration
	for _, r := range records {
		all = append(all, r.FinishedAt.Sub(r.StartedAt))
	}
	slices.Sort(all)
	const parts = 20
	var mix []string
	for n := range parts {
		part := all[n*len(all)/parts : (n+1)*len(all)/parts]
		if n < parts-1 {
			mix = append(mix, fmt.Sprintf("{share: 1, uniform: {min: %v, max: %v}}", part[0], part[len(part)-1]))
			continue
		}
		mix = append(mix, fmt.Sprintf("{share: 1, constant: %v}", mean(part)))
	}
	return "{mix: [" + strings.Join(mix, ", ") + "]}"
}

func mean(all []time.Duration) (sum time.Duration) {
	for _, d := range all {
		sum += d
	}
	return sum / time.Duration(len(all))
}

// simulate asks the command, as a user does.
func simulate(t *testing.T, text string) map[boostd.Level]quantiles {
	path := filepath.Join(t.TempDir(), "load.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, code := rig.Boostd(t, "simulate", path, "--json")
	var said struct {
		Levels []struct {
			Level  boostd.Level `json:"level"`
			WaitMS struct{ P50, P99, Max float64 } `json:"wait_ms"`
		} `json:"levels"`
	}
	if err := json.Unmarshal([]byte(p.Stdout()), &said); err != nil || code != 0 {
		t.Fatalf("boostd simulate exited with %d, %v: %s", code, err, p.Output())
	}
	ms := func(f float64) time.Duration { return time.Duration(f * float64(time.Millisecond)) }
	all := map[boostd.Level]quantiles{}
	for _, l := range said.Levels {
		all[l.Level] = quantiles{ms(l.WaitMS.P50), ms(l.WaitMS.P99), ms(l.WaitMS.Max)}
	}
	return all
}

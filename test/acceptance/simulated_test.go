//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/test/rig"
)

// run is what a trial came to with real daemons.
type run struct {
	sample []audit.Record
	// times are what boostd simulate takes from the sample.
	times string
	// began is when the load's time began, first when the first message of it was
	// fetched.
	began, first time.Time
	end          time.Time
	waits        map[boostd.Level][]time.Duration
}

// measured asks the command for an audit's times, as a user does.
func measured(t *testing.T, path string) string {
	p, code := rig.Boostd(t, "simulate", "--measure", path)
	if code != 0 {
		t.Fatalf("boostd simulate --measure exited with %d: %s", code, p.Output())
	}
	return p.Stdout()
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
	}
	r.waits = map[boostd.Level][]time.Duration{}
	for _, a := range first {
		from := a.ProducedAt
		if from.Before(r.first) && from.Before(r.began) {
			from = r.first
		}
		r.waits[a.Level] = append(r.waits[a.Level], a.StartedAt.Sub(from))
	}
}

func (r *run) levels() []boostd.Level { return slices.Sorted(maps.Keys(r.waits)) }

// file is the trial as a load to simulate.
func (c *trial) file(r *run) string {
	zero := r.began
	if laidDown(c.arrivals) > 0 {
		zero = r.first
	}
	shift := r.began.Sub(zero)
	text := fmt.Sprintf("for: %v\ninstances: %d\nslots: %d\nlevels: 11\n%sload:\n",
		2*r.end.Sub(zero).Round(time.Second), c.instances, c.slots, r.times)
	for _, a := range c.arrivals {
		text += a.YAML(c.partitions, shift)
	}
	if c.away > 0 {
		text += fmt.Sprintf("events:\n  - {at: %v, instance: %d, leave: true}\n  - {at: %v, instance: %d, join: true}\n",
			c.away, c.instances, c.back, c.instances)
	}
	return text
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
			Level  boostd.Level                    `json:"level"`
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

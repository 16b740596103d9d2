//go:build acceptance

package acceptance

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/test/rig"
)

// A simulated wait is right within 25 percent of the measured one, or within
// 1.25 ms where that is below 5 ms.
const (
	tolerance  = 0.25
	shortWait  = 5 * time.Millisecond
	shortError = 1250 * time.Microsecond
	// enoughOf is how many messages a level needs for its quantiles to count.
	enoughOf = 100
)

// trial is one load, given to real daemons and to the simulation.
type trial struct {
	name, sleep                  string
	slots, instances, partitions int
	arrivals                     []rig.Arrival
	// sample is a shorter load of the kind, of which the times of handler and
	// fetches are taken.
	sample []rig.Arrival
	// away is when the last instance leaves, and back when it comes again, both
	// after the load's beginning; zero: it stays.
	away, back time.Duration
}

// idle are messages one by one.
var idle = []rig.Arrival{{Level: 10, Steady: 40, Until: 10 * time.Second}}

var trials = []trial{
	{
		name: "level 0 saturated", sleep: "min: 1ms", slots: 64, instances: 1, partitions: 6,
		arrivals: []rig.Arrival{{Level: 0, Backlog: 900_000}, {Level: 10, Steady: 100, Until: 15 * time.Second}},
		sample:   []rig.Arrival{{Level: 0, Backlog: 600_000}, {Level: 10, Steady: 100, Until: 10 * time.Second}},
	},
	{
		name: "bursts that pause", sleep: "min: 5ms, max: 10ms", slots: 16, instances: 1, partitions: 6,
		arrivals: []rig.Arrival{
			{Level: 0, Steady: 400, Until: 40 * time.Second},
			{Level: 5, Steady: 400, Until: 40 * time.Second},
			{Level: 10, Burst: 10_000, Every: 15 * time.Second, From: 2 * time.Second, Until: 40 * time.Second},
		},
		sample: idle,
	},
	{
		name: "one of two leaves and comes back", sleep: "min: 5ms, max: 10ms", slots: 8, instances: 2, partitions: 6,
		arrivals: []rig.Arrival{
			{Level: 0, Burst: 16_000, Until: time.Second},
			{Level: 5, Burst: 16_000, Until: time.Second},
		},
		sample: idle,
		away:   4 * time.Second, back: 12 * time.Second,
	},
}

// The simulation says what real daemons on real Kafka do. Each trial is what a
// user can do: let daemons run for a few seconds, take from their audit how long
// the handler and the way through the broker take, and simulate the load. Neither
// is known of a broker, a handler and a machine without trying them: work that
// saturates a machine is sampled while it does.
func TestSimulationSaysWhatIsMeasured(t *testing.T) {
	for _, c := range trials {
		t.Run(c.name, func(t *testing.T) {
			r := c.run(t)
			text := c.file(r)
			simulated := simulate(t, text)
			t.Logf("simulated:\n%s", text)
			for _, level := range r.levels() {
				compare(t, c.name, level, r.waits[level], simulated[level])
			}
		})
	}
}

// run lets the real daemons have it, and the sample before.
func (c *trial) run(t *testing.T) *run {
	broker := rig.Real()
	defer func() {
		if err := broker.Close(); err != nil {
			t.Error(err)
		}
	}()
	s := rig.New(t, broker, rig.Options{Min: 0, Partitions: c.partitions,
		Handler: fmt.Sprintf("sleep: {%s}, slots: %d", c.sleep, c.slots)})
	load := s.Load(t)
	fleet := c.start(t, s, load, c.sample)
	c.play(t, s, load, 0, c.sample, nil)
	r := &run{sample: s.Audit(t), times: measured(t, s.AuditPath())}
	if laidDown(c.arrivals) > 0 {
		end(t, fleet)
		fleet = c.start(t, s, load, c.arrivals)
	}
	r.began = c.play(t, s, load, len(r.sample), c.arrivals, fleet)
	end(t, fleet)
	r.measure(s.Audit(t)[len(r.sample):])
	return r
}

// start lays the backlog down before the daemons start, and waits until they are
// at it.
func (c *trial) start(t *testing.T, s *rig.Setup, load *rig.Load, arrivals []rig.Arrival) []*rig.Process {
	lines := rig.DoneLines{Path: s.AuditPath()}
	known := lines.Count()
	for _, a := range arrivals {
		load.Fill(a.Level, a.Backlog, 100)
	}
	fleet := c.spawn(t, s)
	rig.Eventually(t, "the backlog is at work", func() bool { return lines.Count() >= known+laidDown(arrivals)/20 })
	return fleet
}

// play lets the daemons have what arrives while they run, with the trial's
// changes if a fleet is given, and says when that began. before is how many
// messages were handled before.
func (c *trial) play(t *testing.T, s *rig.Setup, load *rig.Load, before int, arrivals []rig.Arrival, fleet []*rig.Process) time.Time {
	defer quiet(load)()
	began, played := time.Now(), make(chan struct{})
	go func() { defer close(played); load.Play(began, arrivals) }()
	if fleet != nil {
		c.change(t, s, began, fleet)
	}
	<-played
	lines := rig.DoneLines{Path: s.AuditPath()}
	for _, a := range arrivals {
		before += a.Messages()
	}
	rig.EventuallyIn(t, 5*rig.Patience, "all is handled", func() bool { return lines.Count() >= before })
	return began
}

func end(t *testing.T, fleet []*rig.Process) {
	t.Helper()
	for _, p := range fleet {
		terminate(t, p)
	}
}

// spawn starts the daemons and waits until they have partitions.
func (c *trial) spawn(t *testing.T, s *rig.Setup) (fleet []*rig.Process) {
	for range c.instances {
		fleet = append(fleet, s.Spawn(t))
	}
	for _, p := range fleet {
		rig.Eventually(t, "the daemon has partitions", p.Assigned)
	}
	return fleet
}

// change lets the last instance leave and come back.
func (c *trial) change(t *testing.T, s *rig.Setup, began time.Time, fleet []*rig.Process) {
	if c.away == 0 {
		return
	}
	last := &fleet[len(fleet)-1]
	until(began.Add(c.away))
	terminate(t, *last)
	until(began.Add(c.back))
	*last = s.Spawn(t)
}

// until waits for a time of the trial's course.
func until(at time.Time) { <-time.After(time.Until(at)) }

func terminate(t *testing.T, p *rig.Process) {
	t.Helper()
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func laidDown(arrivals []rig.Arrival) (sum int) {
	for _, a := range arrivals {
		sum += a.Backlog
	}
	return sum
}

// compare holds the simulated waits of a level to the measured ones, and logs the
// line of the table in docs/SIMULATION.md. The longest wait is the time that a
// backlog or a burst took: it counts where it is long.
func compare(t *testing.T, name string, level boostd.Level, measured []time.Duration, simulated quantiles) {
	got := quantilesOf(measured)
	t.Logf("| %s | %d | %d | %s | %s | %s |", name, level, len(measured), ratio(got.p50, simulated.p50),
		ratio(got.p99, simulated.p99), ratio(got.max, simulated.max))
	if len(measured) <= enoughOf {
		return
	}
	if !near(got.p50, simulated.p50) {
		t.Errorf("level %d: p50 %v, simulated %v", level, got.p50, simulated.p50)
	}
	if !near(got.p99, simulated.p99) {
		t.Errorf("level %d: p99 %v, simulated %v", level, got.p99, simulated.p99)
	}
	if got.p50 > time.Second && !near(got.max, simulated.max) {
		t.Errorf("level %d: longest %v, simulated %v", level, got.max, simulated.max)
	}
}

func near(measured, simulated time.Duration) bool {
	off := (measured - simulated).Abs()
	return float64(off) <= tolerance*float64(measured) || measured < shortWait && off <= shortError
}

func ratio(measured, simulated time.Duration) string {
	return fmt.Sprintf("%.4g → %.4g ms (%.2f)", measured.Seconds()*1000, simulated.Seconds()*1000, float64(simulated)/float64(measured))
}

// quantiles are those of some waits.
type quantiles struct{ p50, p99, max time.Duration }

func quantilesOf(all []time.Duration) (q quantiles) {
	if len(all) == 0 {
		return q
	}
	slices.SortFunc(all, cmp.Compare)
	return quantiles{all[(len(all)+1)/2-1], all[(len(all)*99+99)/100-1], all[len(all)-1]}
}

package simulation

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/scheduler"
	"github.com/kafkaboost/boostd/scheduler/sim"
)

// Example is a file with every key explained. It runs.
//
//go:embed example.yaml
var Example []byte

// File is what is simulated. example.yaml says what its keys mean.
type File struct {
	Seed       number          `yaml:"seed"`
	For        boostd.Duration `yaml:"for"`
	Instances  int             `yaml:"instances"`
	Slots      int             `yaml:"slots"`
	Levels     int             `yaml:"levels"`
	Handler    times           `yaml:"handler"`
	Failing    share           `yaml:"failing"`
	Retry      retry           `yaml:"retry"`
	DeadLetter bool            `yaml:"dead_letter"`
	Preempt    patience        `yaml:"preempt"`
	Policy     conf.Policy     `yaml:"policy"`
	Gate       string          `yaml:"gate"`
	Scope      string          `yaml:"scope"`
	StartWait  boostd.Duration `yaml:"start_wait"`
	Window     int             `yaml:"window"`
	Starving   boostd.Duration `yaml:"starving"`
	Latency    latency         `yaml:"latency"`
	Load       []load          `yaml:"load"`
	Events     []event         `yaml:"events"`

	name string
}

// retry is as in boostd.yaml.
type retry struct {
	Attempts   int             `yaml:"attempts"`
	Backoff    boostd.Duration `yaml:"backoff"`
	MaxBackoff boostd.Duration `yaml:"max_backoff"`
}

// latency is how long things take that aren't the handler's; see sim.Latency.
type latency struct {
	Fetch      times           `yaml:"fetch"`
	Resume     boostd.Duration `yaml:"resume"`
	Pause      boostd.Duration `yaml:"pause"`
	Dispatch   boostd.Duration `yaml:"dispatch"`
	DeadLetter boostd.Duration `yaml:"dead_letter"`
	Rebalance  boostd.Duration `yaml:"rebalance"`
	Session    boostd.Duration `yaml:"session"`
	Drain      boostd.Duration `yaml:"drain"`
}

func (l latency) config() sim.Latency {
	fetch := sim.Measured.Fetch
	if said, err := l.Fetch.config(); err == nil && said != nil { // an error was said by itself
		fetch = said
	}
	return sim.Latency{
		Fetch: fetch, Resume: l.Resume.Std(), Pause: l.Pause.Std(), Dispatch: l.Dispatch.Std(), Bury: l.DeadLetter.Std(),
		Rebalance: l.Rebalance.Std(), Session: l.Session.Std(), Drain: l.Drain.Std(),
	}
}

// defaults are boostd's own, and what was measured.
func defaults() *File {
	m, d := sim.Measured, func(d time.Duration) boostd.Duration { return boostd.Duration(d) }
	return &File{
		Seed: 1, For: d(time.Minute), Instances: 1, Slots: 16, Gate: "on", Scope: "instance", StartWait: d(5 * time.Second),
		Window: scheduler.DefaultWindow.Messages, Starving: d(10 * time.Second), Preempt: notAtAll,
		Retry: retry{5, d(200 * time.Millisecond), d(30 * time.Second)},
		Latency: latency{
			Resume: d(m.Resume), Pause: d(m.Pause), Dispatch: d(m.Dispatch), DeadLetter: d(m.Bury),
			Rebalance: d(m.Rebalance), Session: d(m.Session), Drain: d(m.Drain),
		},
	}
}

// Read reads a file; - is standard input.
func Read(in io.Reader, path string) (*File, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read load: %w", err)
		}
		defer func() { _ = f.Close() }() // only read
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, conf.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read load %s: %w", path, err)
	}
	return Parse(path, text)
}

// Parse reads the content of a file, name is what errors call it, and where
// relative paths count from. The error says everything that is wrong, each at its
// line and column.
func Parse(name string, text []byte) (*File, error) {
	f := defaults()
	f.name = name
	if err := conf.Decode(name, text, f); err != nil {
		return nil, err
	}
	return f, nil
}

// SetSeed takes another one than the file's.
func (f *File) SetSeed(seed uint64) { f.Seed = number(seed) }

// Config is what the file asks for. It reads the audits that it names.
func (f *File) Config() (*sim.Config, error) {
	c, err := f.config(true)
	if err != nil {
		return nil, err
	}
	if errs := c.Validate(); len(errs) > 0 {
		return nil, fmt.Errorf("%s: %w", f.name, errors.Join(errs...))
	}
	return c, nil
}

// Validate checks all that can be checked without reading another file.
func (f *File) Validate() (errs []error) {
	if f.Gate != "on" && f.Gate != "off" {
		errs = append(errs, fmt.Errorf("gate: %q: want on or off", f.Gate))
	}
	if f.Scope != "instance" && f.Scope != "group" {
		errs = append(errs, fmt.Errorf("scope: %q: want instance or group", f.Scope))
	}
	if f.StartWait.Std() > time.Hour {
		errs = append(errs, fmt.Errorf("start_wait: %v: want at most 1h", f.StartWait))
	}
	c, err := f.config(false)
	if err != nil {
		return append(errs, err)
	}
	for _, err := range f.Policy.Check(c.Pool.Slots, c.Pool.Levels) {
		errs = append(errs, fmt.Errorf("policy.%w", err))
	}
	if len(errs) > 0 {
		c.Pool.Policy = scheduler.Policy{} // that was all of it
	}
	return append(errs, c.Validate()...)
}

// config lays the file out; without audits there is a message in the place of
// each.
func (f *File) config(audits bool) (*sim.Config, error) {
	c := &sim.Config{
		Seed: uint64(f.Seed), For: f.For.Std(), Instances: f.Instances, Failing: float64(f.Failing),
		Pool: scheduler.PoolConfig{
			Name: "simulated", Policy: f.Policy.Scheduling(), Slots: f.Slots, Levels: f.Levels, DeadLetters: f.DeadLetter, Preemptible: f.Preempt != notAtAll,
			Retry: scheduler.Retry{Attempts: f.Retry.Attempts, Backoff: f.Retry.Backoff.Std(), MaxBackoff: f.Retry.MaxBackoff.Std()},
		},
		Core:         scheduler.Config{Gate: f.Gate == "on", Group: f.Scope == "group", StartWait: f.StartWait.Std()},
		Window:       scheduler.Window{Messages: f.Window, Bytes: scheduler.DefaultWindow.Bytes},
		PreemptAfter: f.Preempt.after(), Latency: f.Latency.config(), Starving: f.Starving.Std(),
	}
	if len(f.Handler.Validate()) == 0 { // else it has said so itself
		c.Handler, _ = f.Handler.config()
	}
	if c.Handler == nil {
		c.Handler = sim.Times{{Shape: sim.Constant, A: time.Millisecond}}
	}
	for n := range f.Load {
		loads, err := f.Load[n].config(f, audits)
		if err != nil {
			return nil, fmt.Errorf("%s: load[%d].audit: %w", f.name, n, err)
		}
		c.Loads = append(c.Loads, loads...)
	}
	for n := range f.Events {
		c.Changes = append(c.Changes, f.Events[n].config())
	}
	if f.Levels == 0 {
		c.Pool.Levels = f.levels(c)
	}
	return c, nil
}

// levels is as many as are used.
func (f *File) levels(c *sim.Config) int {
	most := boostd.Level(0)
	for n := range c.Loads {
		most = max(most, c.Loads[n].Last)
	}
	for _, s := range c.Pool.Policy.MinShare {
		most = max(most, s.Level)
	}
	for _, r := range c.Pool.Policy.Reserve {
		most = max(most, r.From)
	}
	return int(min(most, scheduler.MaxLevels-1)) + 1
}

package simulation

import (
	"errors"
	"fmt"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
	"github.com/kafkaboost/boostd/scheduler/sim"
)

// load is a line of the list `load:`; see sim.Load.
type load struct {
	Levels     *span           `yaml:"levels"`
	Mixed      bool            `yaml:"mixed"`
	Partitions int             `yaml:"partitions"`
	Order      string          `yaml:"order"`
	Keys       int             `yaml:"keys"`
	Handler    times           `yaml:"handler"`
	Backlog    int             `yaml:"backlog"`
	Poisson    rate            `yaml:"poisson"`
	Steady     rate            `yaml:"steady"`
	Burst      *burst          `yaml:"burst"`
	From       boostd.Duration `yaml:"from"`
	Until      boostd.Duration `yaml:"until"`
	Audit      string          `yaml:"audit"`
}

type burst struct {
	Messages int             `yaml:"messages"`
	Every    boostd.Duration `yaml:"every"`
}

// SetDefaults fills what is absent.
func (l *load) SetDefaults() {
	if l.Partitions == 0 && l.Audit == "" {
		l.Partitions = 6
	}
	if l.Order == "" {
		l.Order = "key"
	}
}

// Validate returns what is wrong with the line itself.
func (l load) Validate() (errs []error) {
	if _, err := scheduler.ParseOrder(l.Order); err != nil {
		errs = append(errs, fmt.Errorf("order: %q: want key, partition or none", l.Order))
	}
	switch arrivals := l.Backlog > 0 || l.Poisson > 0 || l.Steady > 0 || l.Burst != nil; {
	case l.Audit != "" && (arrivals || l.Levels != nil || l.Partitions > 0 || l.Keys > 0 || l.Mixed || l.From > 0 || l.Until > 0):
		errs = append(errs, errors.New("audit: has levels, partitions, keys and times of its own: only order and handler go with it"))
	case l.Audit != "":
	case l.Levels == nil:
		errs = append(errs, errors.New("levels: is missing: name a level, or some in a row, such as 8-10"))
	case !arrivals:
		errs = append(errs, errors.New("produces nothing: want some of backlog, poisson, steady and burst"))
	}
	if b := l.Burst; b != nil && b.Messages < 1 {
		errs = append(errs, errors.New("burst.messages: want at least 1"))
	}
	return errs
}

// config is the line as the simulation has it; of an audit one for each topic.
// What the line's own checks refuse comes to nothing here.
func (l *load) config(f *File, audits bool) ([]sim.Load, error) {
	order, err := scheduler.ParseOrder(l.Order)
	if err != nil {
		order = scheduler.ByKey
	}
	c := sim.Load{Order: order}
	if len(l.Handler.Validate()) == 0 {
		c.Handler, _ = l.Handler.config()
	}
	if l.Audit != "" {
		if !audits {
			c.Partitions = 1
			return []sim.Load{c}, nil
		}
		return f.recorded(l.Audit, c)
	}
	if l.Levels != nil {
		c.First, c.Last = l.Levels.From, l.Levels.To
	}
	c.Mixed, c.Partitions, c.Keys, c.Backlog = l.Mixed, l.Partitions, l.Keys, l.Backlog
	c.Poisson, c.Steady, c.From, c.Until = float64(l.Poisson), float64(l.Steady), l.From.Std(), l.Until.Std()
	if l.Burst != nil {
		c.Burst, c.Every = l.Burst.Messages, l.Burst.Every.Std()
	}
	return []sim.Load{c}, nil
}

// event is an instance that comes or goes; one of leave, crash and join is true.
type event struct {
	At       boostd.Duration `yaml:"at"`
	Instance int             `yaml:"instance"`
	Leave    bool            `yaml:"leave"`
	Crash    bool            `yaml:"crash"`
	Join     bool            `yaml:"join"`
}

// Validate returns what is wrong with the event itself.
func (e event) Validate() []error {
	count := 0
	for _, is := range []bool{e.Leave, e.Crash, e.Join} {
		if is {
			count++
		}
	}
	if count != 1 {
		return []error{errors.New("want one of leave: true, crash: true and join: true")}
	}
	return nil
}

func (e event) config() sim.Change {
	c := sim.Change{At: e.At.Std(), Instance: e.Instance, Event: sim.Leave}
	switch {
	case e.Crash:
		c.Event = sim.Crash
	case e.Join:
		c.Event = sim.Join
	}
	return c
}

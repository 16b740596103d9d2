package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/priority"
)

const (
	// changePatience bounds a change of the fleet: a consumer that leaves drains for
	// 3 s, commits, and leaves its group.
	changePatience = 20 * time.Second
)

// rearrangement is another fleet, prepared as far as nothing live is touched. The
// right to reload belongs to who makes one.
type rearrangement struct {
	all     []consumerPlan // of all instances
	left    []consumerPlan // what others are to have
	change  fleetChange
	fresh   []member // of change.added: made, not started
	reading []priority.LevelTopic
}

// prepare works out what settings and retired topics ask for, and makes the
// Sources of what is new.
func (d *Daemon) prepare(settings *priority.Settings, reading []priority.LevelTopic) (r rearrangement, err error) {
	r.reading, r.all = reading, d.allConsumers(settings, reading)
	var own []consumerPlan
	if own, r.left, err = d.divide(r.all); err != nil {
		return r, err
	}
	r.change = compare(d.fleet.get(), own)
	r.fresh, err = d.newMembers(r.change.added, own)
	return r, err
}

// abandon ends what was made for nothing.
func (r rearrangement) abandon() { _ = stopMembers(r.fresh) }

// carryOut makes the fleet the prepared one. Consumers of which nothing changes
// notice nothing. It isn't undone half way: whatever happens to who has asked, only
// the daemon's own end cuts it short.
func (d *Daemon) carryOut(r rearrangement) error {
	ctx, cancel := context.WithTimeoutCause(d.life, changePatience, fmt.Errorf("not done in %v", changePatience))
	defer cancel()
	d.retired.set(r.reading)
	d.others.set(r.left)
	engine := d.engine.Load()
	members := slices.Clone(d.fleet.get())
	var errs []error
	for _, p := range r.change.changed {
		n := slices.IndexFunc(members, func(m member) bool { return m.plan.name == p.name })
		was := members[n].plan.topics
		members[n].plan = p
		if members[n].transacts {
			d.writers.put(members[n])
		}
		change := actors.ConsumerChange{Level: p.level, Orders: p.orders, Resolve: d.resolverFor(p)}
		if errs = append(errs, engine.Change(ctx, p.name, change)); !sameTopics(was, p.topics) {
			errs = append(errs, members[n].source.SetTopics(p.topics)) // behind their orders
		}
	}
	members = slices.DeleteFunc(members, func(m member) bool {
		return slices.ContainsFunc(r.change.gone, func(g member) bool { return g.plan.name == m.plan.name })
	})
	for _, m := range r.change.gone {
		d.dismiss(m.plan.name)
	}
	for _, m := range r.fresh {
		if err := d.add(ctx, m); err != nil {
			errs = append(errs, err, stopMembers([]member{m}))
			continue
		}
		members = append(members, m)
	}
	d.fleet.set(members, d.partsOfGroups(r.all))
	d.snapshots.forget()
	return errors.Join(errs...)
}

// add starts a prepared consumer, once a former one of its name has left.
func (d *Daemon) add(ctx context.Context, m member) error {
	if err := d.departures.await(ctx, m.plan.name); err != nil {
		return err
	}
	return d.engine.Load().Add(ctx, d.spec(m))
}

// dismiss has a consumer drain, commit and leave. That takes as long as its
// handlers do: the settings may change again meanwhile.
func (d *Daemon) dismiss(name string) {
	gone := d.departures.begin(name)
	d.tasks.Go(func() {
		defer gone()
		ctx, cancel := context.WithTimeoutCause(d.life, changePatience, fmt.Errorf("not done in %v", changePatience))
		defer cancel()
		if err := d.engine.Load().Remove(ctx, name); err != nil && d.life.Err() == nil {
			d.logger.Error("a consumer didn't leave as it should", "error", err)
		}
		d.snapshots.forget()
	})
}

// readLeftovers has those of the topics outside of the levels read that are ours
// and have messages, and no others.
func (d *Daemon) readLeftovers(ctx context.Context, found outside) error {
	if d.engine.Load() == nil {
		return errStarting
	}
	if err := d.seize(ctx); err != nil {
		return err
	}
	defer d.yield()
	if d.settings.current() != found.of {
		return errors.New("the settings have changed meanwhile")
	}
	reading := d.retired.get()
	next := stillRead(reading, found.topics, found.waiting, d.ours)
	if namesOf(next) == namesOf(reading) {
		return nil
	}
	r, err := d.prepare(found.of, next)
	if err != nil {
		return err
	}
	if !r.change.nothing() {
		d.logger.Info("topics of levels that the settings don't have", "read", namesOf(next), "read_before", namesOf(reading))
	}
	return d.carryOut(r)
}

// seize takes the right to read and to change settings, which one at a time has.
func (d *Daemon) seize(ctx context.Context) error {
	select {
	case d.reloading <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (d *Daemon) yield() { <-d.reloading }

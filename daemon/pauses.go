package daemon

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/scheduler"
)

// pausesFile keeps the pauses by hand over a restart: what somebody has stopped
// in an incident must not begin anew because the daemon did.
const pausesFile = "pauses.json"

// storedPauses are the pauses of the last run that are not over. A file that
// can't be read is an alarm, and no reason to consume nothing.
func (d *Daemon) storedPauses() []scheduler.Pause {
	var stored []console.Pause
	if err := d.state.load(pausesFile, &stored); err != nil {
		d.findings.set(alarms.State, pausesFile, fmt.Sprintf("levels that were paused by hand may run again: %v", err))
	}
	var pauses []scheduler.Pause
	for _, p := range stored {
		back := scheduler.Pause{Level: boostd.Level(p.Level), By: p.By, Why: p.Why, Since: p.Since}
		if p.Until != nil {
			back.Until = *p.Until
		}
		if back.Until.IsZero() || back.Until.After(time.Now()) {
			pauses = append(pauses, back)
		}
	}
	return pauses
}

// keepPauses writes the pauses down when they have changed. Called by the
// monitor, which also sees those that end by themselves.
func (d *Daemon) keepPauses(now []scheduler.Pause) {
	if slices.Equal(now, d.kept) {
		return
	}
	list := make([]console.Pause, 0, len(now))
	for _, p := range now {
		list = append(list, pauseOf(p))
	}
	if err := d.state.save(pausesFile, list); err != nil {
		d.findings.set(alarms.State, pausesFile, fmt.Sprintf("pauses by hand will not survive a restart: %v", err))
		return // and tried again
	}
	d.findings.set(alarms.State, pausesFile, "")
	d.kept = now
}

func pauseOf(p scheduler.Pause) console.Pause {
	c := console.Pause{Level: int(p.Level), By: p.By, Why: p.Why, Since: p.Since}
	if !p.Until.IsZero() {
		until := p.Until
		c.Until = &until
	}
	return c
}

// PauseLevel implements console.Daemon.
func (d *Daemon) PauseLevel(ctx context.Context, r console.PauseRequest) (console.Pause, error) {
	engine := d.engine.Load()
	if engine == nil {
		return console.Pause{}, errStarting
	}
	now := time.Now()
	p := scheduler.Pause{Level: boostd.Level(r.Level), By: r.By, Why: r.Why, Since: now}
	if r.For > 0 {
		p.Until = now.Add(r.For)
	}
	if p.Level < 0 || p.Level > d.settings.current().MaxPriority {
		return console.Pause{}, fmt.Errorf("level %d: %w: there are levels 0 to %d", p.Level, console.ErrNotFound, d.settings.current().MaxPriority)
	}
	if err := engine.PauseLevel(ctx, p); err != nil {
		return console.Pause{}, err
	}
	d.logger.Info("level is paused by hand", "level", r.Level, "paused_by", r.By, "why", r.Why, "for", r.For.String())
	d.snapshots.forget()
	return pauseOf(p), nil
}

// ResumeLevel implements console.Daemon.
func (d *Daemon) ResumeLevel(ctx context.Context, level int, by string) error {
	engine := d.engine.Load()
	if engine == nil {
		return errStarting
	}
	was, err := engine.ResumeLevel(ctx, boostd.Level(level))
	switch {
	case err != nil:
		return err
	case !was:
		return fmt.Errorf("level %d is not paused by hand: %w", level, console.ErrNotFound)
	}
	d.logger.Info("level is resumed by hand", "level", level, "resumed_by", by)
	d.snapshots.forget()
	return nil
}

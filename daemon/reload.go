package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/priority"
)

// errStarting is what there is to say before the engine runs.
var errStarting = errors.New("boostd is still starting")

// Reload implements console.Daemon.
func (d *Daemon) Reload(ctx context.Context) (console.Reloaded, error) {
	if d.engine.Load() == nil {
		select {
		case d.hurry <- struct{}{}: // who waits for settings looks at once
		default:
		}
		return console.Reloaded{}, errStarting
	}
	if d.source == nil {
		return console.Reloaded{}, errors.New("reload settings: they are this program's own and don't change")
	}
	r, err := d.refresh(ctx, true)
	if err != nil {
		return console.Reloaded{}, fmt.Errorf("reload settings: %w", err)
	}
	return r, nil
}

// refresh reads the source and puts what it has into force, one at a time. What a
// change needs beyond other rules, defaults and policies, new or other levels,
// takes a restart in this version and is refused by name.
func (d *Daemon) refresh(ctx context.Context, thorough bool) (console.Reloaded, error) {
	select {
	case d.reloading <- struct{}{}:
		defer func() { <-d.reloading }()
	case <-ctx.Done():
		return console.Reloaded{}, context.Cause(ctx)
	}
	old, _, _ := d.settings.get()
	next, err := d.readSettings(ctx, thorough)
	var text string
	if err == nil && next.hash != old.hash {
		text, err = d.change(ctx, old, next)
	}
	if d.life.Err() != nil {
		return console.Reloaded{}, context.Cause(d.life)
	}
	if err != nil {
		d.keepOld(err)
		return console.Reloaded{}, err
	}
	d.settings.looked(nil)
	d.findings.set(alarms.Settings, "", "")
	if next.hash == old.hash {
		return console.Reloaded{Hash: old.hash, Text: "the settings have not changed since " + old.loaded.Format(time.TimeOnly)}, nil
	}
	return console.Reloaded{Changed: true, Hash: next.hash, Text: text}, nil
}

// keepOld tells of a look that brought nothing: once of the same error.
func (d *Daemon) keepOld(err error) {
	what, alarm := "settings can't be read: the old ones stay in force", "settings can't be read, the old ones are in force: "
	if errors.Is(err, errDocument) {
		what, alarm = "settings are refused: the old ones stay in force", "settings were refused, the old ones are in force: "
	}
	if d.settings.looked(err) {
		d.logger.Error(what, "source", d.source.String(), "error", err)
	}
	d.findings.set(alarms.Settings, "", alarm+oneLine(err))
}

// change puts the next settings into force, and says what that changes. On an
// error nothing has changed.
func (d *Daemon) change(ctx context.Context, old, next document) (text string, err error) {
	if err := d.needsRestart(old.settings, next.settings); err != nil {
		return "", refused{err}
	}
	otherPolicy, err := d.changePolicies(ctx, old.settings, next.settings)
	if err != nil {
		return "", err
	}
	d.put(next)
	d.snapshots.forget()
	d.logger.Info("settings are in force", "hash", next.hash, "version", next.version)
	text = "priorities have changed; levels and topics are the same"
	if len(otherPolicy) > 0 {
		d.tellPolicies(otherPolicy, next.settings)
		text += "; another policy holds for " + strings.Join(otherPolicy, ", ")
	}
	return text, nil
}

// needsRestart names what of a change can't be done while the daemon runs.
func (d *Daemon) needsRestart(old, next *priority.Settings) error {
	if old.MaxPriority != next.MaxPriority {
		return fmt.Errorf("max_priority changes from %d to %d, which takes a restart of boostd", old.MaxPriority, next.MaxPriority)
	}
	bases := slices.Sorted(maps.Keys(d.config.Topics))
	before, after := old.Plan(bases), next.Plan(bases)
	var changed []string
	for _, p := range after {
		if !slices.Contains(before, p) {
			changed = append(changed, "+"+p.Name)
		}
	}
	for _, p := range before {
		if !slices.Contains(after, p) {
			changed = append(changed, "-"+p.Name)
		}
	}
	if len(changed) > 0 {
		return fmt.Errorf("other topics are boosted, which takes a restart of boostd: %s", strings.Join(changed, " "))
	}
	return nil
}

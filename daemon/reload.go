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

// refresh reads the source and puts what it has into force, one at a time.
func (d *Daemon) refresh(ctx context.Context, thorough bool) (console.Reloaded, error) {
	if err := d.seize(ctx); err != nil {
		return console.Reloaded{}, err
	}
	defer d.yield()
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

// change puts the next settings into force, and says what that changes. All that
// can fail comes first: on an error nothing has changed.
func (d *Daemon) change(ctx context.Context, old, next document) (text string, err error) {
	bases := slices.Sorted(maps.Keys(d.config.Topics))
	before, after := old.settings.Plan(bases), next.settings.Plan(bases)
	if !slices.Equal(before, after) {
		if err := d.topicsFor(ctx, next.settings); err != nil {
			return "", err
		}
	}
	r, err := d.prepare(next.settings, retire(d.retired.get(), before, after))
	if err != nil {
		return "", refused{err}
	}
	otherPolicy, err := d.reconfigure(ctx, old.settings, next.settings)
	if err != nil {
		r.abandon()
		return "", err
	}
	d.put(next)
	if err := d.carryOut(r); err != nil && d.life.Err() == nil {
		// The settings are in force, and what is missing is an alarm of its own.
		d.logger.Error("not all consumers are as the settings ask", "error", err)
	}
	d.logger.Info("settings are in force", "hash", next.hash, "version", next.version)
	if !slices.Equal(before, after) {
		d.tellUnknownLevels(r.all)
		select {
		case d.retiring <- struct{}{}:
		default:
		}
	}
	d.tellPolicies(otherPolicy, next.settings)
	return changeInWords(before, after, old.settings, next.settings, otherPolicy), nil
}

// changeInWords is what a person is told of a change.
func changeInWords(before, after []priority.PlannedTopic, old, next *priority.Settings, otherPolicy []string) string {
	var parts []string
	if names := missingFrom(before, after); len(names) > 0 {
		parts = append(parts, "new topics are "+strings.Join(names, ", "))
	}
	if names := missingFrom(after, before); len(names) > 0 {
		parts = append(parts, "read until they are empty: "+strings.Join(names, ", "))
	}
	if old.MaxPriority != next.MaxPriority {
		parts = append(parts, fmt.Sprintf("levels are 0 to %d", next.MaxPriority))
	}
	if len(parts) == 0 {
		parts = append(parts, "priorities have changed; levels and topics are the same")
	}
	if len(otherPolicy) > 0 {
		parts = append(parts, "another policy holds for "+strings.Join(otherPolicy, ", "))
	}
	return strings.Join(parts, "; ")
}

// missingFrom names the topics of b that a hasn't.
func missingFrom(a, b []priority.PlannedTopic) (names []string) {
	for _, t := range b {
		if !slices.ContainsFunc(a, func(o priority.PlannedTopic) bool { return o.Name == t.Name }) {
			names = append(names, t.Name)
		}
	}
	return names
}

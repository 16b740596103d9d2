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
	"github.com/kafkaboost/boostd/conf"
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
	if d.source == nil && d.options.Reread == nil {
		return console.Reloaded{}, errors.New("reload settings: they are this program's own and don't change")
	}
	r, err := d.refresh(ctx, true)
	if err != nil {
		return console.Reloaded{}, fmt.Errorf("reload: %w", err)
	}
	return r, nil
}

// refresh reads the source, and with all boostd.yaml too, and puts what they have
// into force, one at a time.
func (d *Daemon) refresh(ctx context.Context, all bool) (console.Reloaded, error) {
	if err := d.seize(ctx); err != nil {
		return console.Reloaded{}, err
	}
	defer d.yield()
	old := d.ruling()
	next, late, err := d.readRuling(ctx, old, all)
	var text string
	if err == nil && (next.otherFile(old) || next.otherDocument(old)) {
		text, err = d.change(ctx, old, next)
	}
	if d.life.Err() != nil {
		return console.Reloaded{}, context.Cause(d.life)
	}
	d.judgeFile(all, next.otherFile(old), err)
	if err == nil {
		err = late
	}
	if err != nil && !errors.Is(err, errFile) && d.source != nil {
		d.keepOld(err)
	}
	if err != nil {
		if text != "" {
			err = fmt.Errorf("%s; the settings can't be read, the old ones are in force: %w", text, err)
		}
		return console.Reloaded{}, err
	}
	d.settings.looked(nil)
	d.findings.set(alarms.Settings, "", "")
	if text == "" {
		text = "the settings have not changed since " + old.document.loaded.Format(time.TimeOnly)
		return console.Reloaded{Hash: old.document.hash, Text: text}, nil
	}
	return console.Reloaded{Changed: true, Hash: next.document.hash, Text: text}, nil
}

// judgeFile tells of a boostd.yaml that was read and isn't in force, until it is, or
// says again what is in force.
func (d *Daemon) judgeFile(read, other bool, err error) {
	switch {
	case !read:
	case err != nil && (other || errors.Is(err, errFile)):
		d.logger.Error("boostd.yaml is refused: the old one stays in force", "error", err)
		d.findings.set(alarms.Settings, d.fileName(), "boostd.yaml was refused, the old one is in force: "+oneLine(err))
	default:
		d.findings.set(alarms.Settings, d.fileName(), "")
	}
}

// keepOld tells of a look that brought no settings: once of the same error.
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

// change puts the next ruling into force, and says what that changes. All that can
// fail comes first: on an error nothing has changed.
func (d *Daemon) change(ctx context.Context, old, next ruling) (text string, err error) {
	bases := slices.Sorted(maps.Keys(next.file.Topics))
	before, after := old.document.settings.Plan(bases), next.document.settings.Plan(bases)
	if !slices.Equal(before, after) {
		if err := d.topicsFor(ctx, next.document.settings); err != nil {
			return "", err
		}
	}
	var r rearrangement
	if next.otherDocument(old) {
		if r, err = d.prepare(next.document.settings, retire(d.retired.get(), before, after)); err != nil {
			return "", refused{err}
		}
	}
	if err := d.reconfigure(ctx, old, next); err != nil {
		r.abandon()
		return "", err
	}
	if next.otherFile(old) {
		d.putFile(old.file, next.file)
		d.logger.Info("boostd.yaml is in force", "changed", conf.Compare(old.file, next.file).Reload)
	}
	if next.otherDocument(old) {
		d.carryOutSettings(next, r, !slices.Equal(before, after))
	}
	d.snapshots.forget()
	otherPolicy := otherPolicies(old, next)
	d.tellPolicies(otherPolicy, next.document.settings)
	return changeInWords(before, after, old, next, otherPolicy), nil
}

// carryOutSettings puts a document into force, with the fleet that it asks for.
func (d *Daemon) carryOutSettings(next ruling, r rearrangement, otherTopics bool) {
	d.put(next.document)
	if err := d.carryOut(r); err != nil && d.life.Err() == nil {
		// The settings are in force, and what is missing is an alarm of its own.
		d.logger.Error("not all consumers are as the settings ask", "error", err)
	}
	d.logger.Info("settings are in force", "hash", next.document.hash, "version", next.document.version)
	if otherTopics {
		d.tellUnknownLevels(r.all)
		select {
		case d.retiring <- struct{}{}:
		default:
		}
	}
}

// changeInWords is what a person is told of a change.
func changeInWords(before, after []priority.PlannedTopic, old, next ruling, otherPolicy []string) string {
	var parts []string
	if next.otherFile(old) {
		parts = append(parts, "boostd.yaml is in force with another "+strings.Join(conf.Compare(old.file, next.file).Reload, ", "))
	}
	settings := len(parts)
	if names := missingFrom(before, after); len(names) > 0 {
		parts = append(parts, "new topics are "+strings.Join(names, ", "))
	}
	if names := missingFrom(after, before); len(names) > 0 {
		parts = append(parts, "read until they are empty: "+strings.Join(names, ", "))
	}
	if most := next.document.settings.MaxPriority; most != old.document.settings.MaxPriority {
		parts = append(parts, fmt.Sprintf("levels are 0 to %d", most))
	}
	if next.otherDocument(old) && len(parts) == settings {
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

package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/priority"
)

// openSettings makes the source of the settings document, unless the program has
// settings already.
func (d *Daemon) openSettings() (err error) {
	if d.options.Settings != nil {
		return nil
	}
	d.source, err = configwatch.Open(d.file().Settings, filepath.Dir(d.file().Path), d.logger.Named("settings"))
	if err != nil {
		return d.unfit(err)
	}
	return nil
}

func (d *Daemon) closeSettings() error {
	if d.source == nil {
		return nil
	}
	if err := d.source.Close(); err != nil {
		return fmt.Errorf("close settings: %w", err)
	}
	return nil
}

// firstSettings are those that the program has, or the source's, or the last good
// copy of those. It waits until there are some.
func (d *Daemon) firstSettings(ctx context.Context) error {
	if s := d.options.Settings; s != nil {
		if err := checkPolicies(d.file(), s); err != nil {
			return d.unfit(err)
		}
		d.settings.put(newDocument(s, nil, ""))
		return nil
	}
	d.recall()
	for failures := 0; ; {
		next, err := d.readSettings(ctx, false, d.file())
		if err == nil {
			d.put(next)
			d.settings.looked(nil)
			d.findings.set(alarms.Settings, "", "")
			return nil
		}
		if failures++; ctx.Err() != nil {
			return fmt.Errorf("wait for good settings: %w", context.Cause(ctx))
		}
		if d.withCopy(err) {
			return nil
		}
		if d.settings.looked(err) {
			d.logger.Error("settings are not usable: nothing is consumed until they are", "source", d.source.String(), "error", err)
		}
		d.findings.set(alarms.Settings, "", "settings are not usable: "+oneLine(err))
		d.phase.set(starting, "good settings")
		d.up()
		d.awaitChange(ctx, failures)
	}
}

// withCopy starts with the last good copy, if there is one.
func (d *Daemon) withCopy(why error) bool {
	last, err := d.loadCopy()
	switch {
	case err != nil:
		d.logger.Warn("the last good settings' copy is not usable", "error", err)
		return false
	case last.settings == nil:
		return false
	}
	d.settings.put(last)
	d.remember(last.settings)
	d.settings.looked(why)
	d.logger.Error("settings are not usable: the last good ones are in force", "source", d.source.String(),
		"hash", last.hash, "version", last.version, "loaded", last.loaded, "error", why)
	d.findings.set(alarms.Settings, "", fmt.Sprintf("settings are not usable, those that came into force at %s are: %s",
		last.loaded.UTC().Format(time.RFC3339), oneLine(why)))
	return true
}

// awaitChange returns when it is time for another look at the source, or when ctx
// or the daemon has ended.
func (d *Daemon) awaitChange(ctx context.Context, failures int) {
	timer := time.NewTimer(d.file().Settings.Next(failures, rand.Float64()))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-d.life.Done():
	case <-timer.C:
	case <-d.hurry:
	case <-d.source.Changed():
	}
}

// watchSettings looks whenever there may be another version. It ends with the
// daemon.
func (d *Daemon) watchSettings() {
	failures := 0
	for {
		d.awaitChange(d.life, failures)
		if d.life.Err() != nil {
			return
		}
		failures++
		if _, err := d.refresh(d.life, false); err == nil || errors.Is(err, errDocument) {
			failures = 0 // the source is well
		}
	}
}

// errDocument says that a document was read and can't be used.
var errDocument = errors.New("settings are refused")

// readSettings reads the document and checks everything that needs nobody else, under
// a boostd.yaml. What is in force already is returned as it is.
func (d *Daemon) readSettings(ctx context.Context, thorough bool, file *conf.File) (document, error) {
	v, err := d.source.Read(ctx, thorough)
	if err != nil {
		return document{}, err
	}
	if now, _, _ := d.settings.get(); now.settings != nil && now.hash == configwatch.Hash(v.Data) {
		return now, nil
	}
	settings, warnings, err := priority.Parse(v.Data)
	if err == nil {
		err = checkPolicies(file, settings)
	}
	if err != nil {
		return document{}, refused{fmt.Errorf("settings %s: %w", v.Place, err)}
	}
	for _, w := range warnings {
		d.logger.Warn("settings", "place", v.Place, "note", w.String())
	}
	return newDocument(settings, v.Data, v.Name), nil
}

// refused is an errDocument with the text of its reason.
type refused struct{ error }

func (r refused) Is(target error) bool { return target == errDocument }
func (r refused) Unwrap() error        { return r.error }

// put makes a document that was read the one in force, and keeps a copy for a
// start without the source.
func (d *Daemon) put(next document) {
	next.loaded = time.Now()
	d.settings.put(next)
	d.remember(next.settings)
	if err := d.saveCopy(next); err != nil {
		d.logger.Error("the settings' copy can't be kept: a start without their source won't have it", "error", err)
	}
}

// remember keeps which topics are a level's: they will be read even when they are
// none any more.
func (d *Daemon) remember(settings *priority.Settings) {
	known := len(d.retired.names())
	var names []string
	for _, t := range settings.Plan(slices.Sorted(maps.Keys(d.file().Topics))) {
		names = append(names, t.Name)
	}
	d.retired.remember(names)
	all := d.retired.names()
	if len(all) == known {
		return
	}
	if err := d.state.save(onceFile, all); err != nil {
		d.logger.Error("the names of levels' topics can't be kept: after a restart nobody will read those that the settings no longer have", "error", err)
	}
}

// recall is remember's other half, at start.
func (d *Daemon) recall() {
	var names []string
	if err := d.state.load(onceFile, &names); err != nil {
		d.logger.Warn("the names of earlier levels' topics are not known: nobody will read those that the settings no longer have", "error", err)
	}
	d.retired.remember(names)
}

// oneLine is an error as an alarm shows it.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

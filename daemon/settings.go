package daemon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/priority"
)

// settingsRetry is the time between two looks at settings that are not good.
const settingsRetry = time.Second

// document is a settings document that was good when it was read.
type document struct {
	settings *priority.Settings
	hash     string // SHA-256, hexadecimal
	version  string // when the file was written
	loaded   time.Time
}

// inForce are the settings that the daemon runs with. Safe from any goroutine.
type inForce struct {
	mu       sync.Mutex
	document document
	resolver atomic.Pointer[priority.Resolver] // read for every message
	checked  time.Time                         // the last good look at the source
	err      string                            // of the last look
	told     string                            // the last error that was logged
}

// current are the settings, nil before there are any.
func (f *inForce) current() *priority.Settings {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.document.settings
}

// put makes a document the one in force.
func (f *inForce) put(doc document) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.document = doc
	f.resolver.Store(priority.NewResolver(doc.settings))
	f.checked, f.err = doc.loaded, ""
}

// looked notes the outcome of a look at the source that changed nothing, and
// reports whether its error is news.
func (f *inForce) looked(err error) (news bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		f.checked, f.err, f.told = time.Now(), "", ""
		return false
	}
	news = f.told != err.Error()
	f.err, f.told = err.Error(), err.Error()
	return news
}

func (f *inForce) get() (doc document, checked time.Time, err string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.document, f.checked, f.err
}

func (d *Daemon) settingsPath() string { return d.config.Settings.Path(filepath.Dir(d.config.Path)) }

// awaitSettings reads the settings document until it is good.
func (d *Daemon) awaitSettings(ctx context.Context) error {
	for {
		doc, err := d.readSettings()
		if err == nil {
			d.settings.put(doc)
			d.findings.set(alarms.Settings, "", "")
			return nil
		}
		if d.settings.looked(err) {
			d.logger.Error("settings are not usable: nothing is consumed until they are", "file", d.settingsPath(), "error", err)
		}
		d.findings.set(alarms.Settings, "", "settings are not usable: "+oneLine(err))
		d.phase.set(starting, "good settings")
		d.up()
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for good settings: %w", context.Cause(ctx))
		case <-time.After(settingsRetry):
		}
	}
}

// oneLine is an error as an alarm shows it.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

func (d *Daemon) readSettings() (document, error) {
	path := d.settingsPath()
	data, err := configwatch.ReadFile(path)
	if err != nil {
		return document{}, err
	}
	settings, warnings, err := priority.Parse(data)
	if err != nil {
		return document{}, fmt.Errorf("settings %s: %w", path, err)
	}
	if err := d.checkPolicies(settings); err != nil {
		return document{}, fmt.Errorf("settings %s: %w", path, err)
	}
	for _, w := range warnings {
		d.logger.Warn("settings", "file", path, "note", w.String())
	}
	return newDocument(settings, data, versionOf(path)), nil
}

func newDocument(settings *priority.Settings, data []byte, version string) document {
	sum := sha256.Sum256(data)
	return document{settings, hex.EncodeToString(sum[:]), version, time.Now()}
}

// versionOf is the file's own time; empty when it is gone again.
func versionOf(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return info.ModTime().UTC().Format(time.RFC3339)
}

// Reload implements console.Daemon. One at a time; what a change needs beyond
// other rules, defaults and policies, new or other levels, takes a restart in
// this version and is refused by name. boostd.yaml is read at start only.
func (d *Daemon) Reload(ctx context.Context) (console.Reloaded, error) {
	select {
	case d.reloading <- struct{}{}:
		defer func() { <-d.reloading }()
	case <-ctx.Done():
		return console.Reloaded{}, fmt.Errorf("reload settings: %w", context.Cause(ctx))
	}
	if d.engine.Load() == nil {
		return console.Reloaded{}, errStarting // it looks each second by itself
	}
	next, err := d.readSettings()
	old, _, _ := d.settings.get()
	var otherPolicy []string
	if err == nil && next.hash != old.hash {
		if err = d.needsRestart(old.settings, next.settings); err == nil {
			otherPolicy, err = d.changePolicies(ctx, old.settings, next.settings)
		}
	}
	if err != nil {
		if d.settings.looked(err) {
			d.logger.Error("settings are refused: the old ones stay in force", "file", d.settingsPath(), "error", err)
		}
		d.findings.set(alarms.Settings, "", "settings were refused, the old ones are in force: "+oneLine(err))
		return console.Reloaded{}, fmt.Errorf("reload settings: %w", err)
	}
	d.findings.set(alarms.Settings, "", "")
	if next.hash == old.hash {
		d.settings.looked(nil)
		return console.Reloaded{Hash: old.hash, Text: "the settings have not changed"}, nil
	}
	d.settings.put(next)
	d.snapshots.forget()
	d.logger.Info("settings are in force", "hash", next.hash, "version", next.version)
	text := "priorities have changed; levels and topics are the same"
	if len(otherPolicy) > 0 {
		d.tellPolicies(otherPolicy, next.settings)
		text += "; another policy holds for " + strings.Join(otherPolicy, ", ")
	}
	return console.Reloaded{Changed: true, Hash: next.hash, Text: text}, nil
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

// errStarting is what there is to say before the engine runs.
var errStarting = errors.New("boostd is still starting")

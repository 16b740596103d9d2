package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/plugins"
	"github.com/kafkaboost/boostd/suggest"
)

var _ console.Handlers = (*Daemon)(nil)

const (
	// maxPluginFiles bounds how many files of plugin_dir are looked at, maxNamed how
	// many of them an error names, maxUnused how many a list has.
	maxPluginFiles = 1000
	maxNamed       = 10
	maxUnused      = 100
)

// pluginFile is the path of a plugin: what has no slash is a file of plugin_dir.
func (d *Daemon) pluginFile(plugin string) (string, error) {
	if strings.ContainsRune(plugin, '/') {
		return d.relative(plugin), nil
	}
	dir := d.relative(d.file().PluginDir)
	path := filepath.Join(dir, plugin)
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return path, nil
	}
	have, err := pluginFiles(dir)
	if err != nil {
		return "", fmt.Errorf("plugin: %.60q: %w", plugin, err)
	}
	return "", fmt.Errorf("plugin: %.60q: there is no such file in plugin_dir, %s%s; %s", plugin, dir,
		suggest.DidYouMean(plugin, have, 2), inPluginDir(have))
}

// inPluginDir says what there is, as far as anybody would read it.
func inPluginDir(have []string) string {
	if len(have) == 0 {
		return "it has no files; a path has a slash in it, such as ./plugin"
	}
	quoted := make([]string, min(len(have), maxNamed))
	for n := range quoted {
		quoted[n] = fmt.Sprintf("%.60q", have[n])
	}
	text := "there is " + strings.Join(quoted, ", ")
	if more := len(have) - len(quoted); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// pluginFiles are the names of the files in plugin_dir, sorted; of very many only
// some. Hidden ones are somebody's who is replacing a file.
func pluginFiles(dir string) ([]string, error) {
	folder, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("read plugin_dir: %w", err)
	}
	defer folder.Close()
	entries, err := folder.ReadDir(maxPluginFiles)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read plugin_dir: %w", err)
	}
	names := []string{}
	for _, e := range entries {
		if !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Handlers implements console.Handlers.
func (d *Daemon) Handlers(ctx context.Context) (console.HandlerList, error) {
	s, err := d.Status(ctx)
	if err != nil {
		return console.HandlerList{}, err
	}
	list := console.HandlerList{Handlers: s.Handlers, PluginDir: d.relative(d.file().PluginDir), Unused: []string{}}
	have, err := pluginFiles(list.PluginDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		list.Error = err.Error()
	}
	used := d.pluginsUsed()
	for _, name := range have {
		if len(list.Unused) < maxUnused && !used[filepath.Join(list.PluginDir, name)] {
			list.Unused = append(list.Unused, name)
		}
	}
	return list, nil
}

// pluginsUsed are the paths of the handlers' plugins.
func (d *Daemon) pluginsUsed() map[string]bool {
	used := map[string]bool{}
	for _, h := range d.file().Handlers {
		if h.Plugin == "" {
			continue
		}
		if path, err := d.pluginFile(h.Plugin); err == nil { // one that is gone is not in the folder
			used[filepath.Clean(path)] = true
		}
	}
	return used
}

// ReplacePlugin implements console.Handlers.
func (d *Daemon) ReplacePlugin(ctx context.Context, o console.ReplaceOrder) (console.Plugin, error) {
	names := d.handlerNames()
	n := slices.Index(names, o.Handler)
	if n < 0 {
		return console.Plugin{}, fmt.Errorf("handler %.60q: %w%s", o.Handler, console.ErrNotFound, suggest.DidYouMean(o.Handler, names, 2))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(d.life, func() { cancel(errors.New("the daemon stops")) })()
	d.logger.Info("plugin is replaced on request", "handler", o.Handler, "by", o.By)
	if err := d.handlers[n].Replace(ctx); err != nil {
		return console.Plugin{}, err
	}
	d.snapshots.forget()
	return *pluginOf(d.handlers[n]), nil
}

// pluginOf is nil for handlers of other kinds.
func pluginOf(h *plugins.Handler) *console.Plugin {
	if h.Kind() != "plugin" {
		return nil
	}
	s := h.Plugin()
	p := &console.Plugin{State: s.State, Name: s.Name, Version: s.Version, SDK: s.SDK, Crashes: s.Crashes, Replaced: s.Replaced, Error: s.Error}
	if s.State == plugins.PluginRunning {
		p.PID, p.Since = &s.PID, &s.Since
		if s.Resident > 0 {
			p.ResidentBytes = new(int64(s.Resident))
		}
	}
	return p
}

// pluginTroubles are the plugins' as conditions.
func (d *Daemon) pluginTroubles(now time.Time) []alarms.Condition {
	var all []alarms.Plugin
	names := d.handlerNames()
	for n, h := range d.handlers {
		if h.Kind() != "plugin" {
			continue
		}
		s := h.Plugin()
		all = append(all, alarms.Plugin{Handler: names[n], Failing: s.State == plugins.PluginFailing, Running: s.State == plugins.PluginRunning,
			Crashes: s.Crashes, Error: s.Error})
	}
	return d.pluginJudge.Conditions(now, all)
}

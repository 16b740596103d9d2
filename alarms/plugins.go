package alarms

import (
	"fmt"
	"time"
)

const (
	// PluginPatience is how long a plugin may not start, or crash at its start, before
	// that is an alarm; and how long it has to run until that is over.
	PluginPatience = 10 * time.Second
	// MaxCrashes is how many crashes of a plugin in CrashWindow are no alarm.
	MaxCrashes  = 5
	CrashWindow = time.Minute
)

// Plugin is how a handler's plugin is.
type Plugin struct {
	Handler string
	// Failing: it doesn't start, or is held back between its starts. Running: a process
	// serves. Neither: it is being started.
	Failing, Running bool
	// Crashes count since the daemon's start.
	Crashes uint64
	// Error is the last one. While it runs it is why it wasn't replaced.
	Error string
}

// PluginJudge finds what is wrong with plugins. Not safe for concurrent use; the zero
// value is ready.
type PluginJudge struct {
	plugins map[string]*pluginMemory
}

// pluginMemory is what earlier looks said of a plugin.
type pluginMemory struct {
	failing time.Time // since when it has been, without having run for long between
	well    time.Time // since when it has been running
	looks   []crashLook
	error   string // the last one while it failed
}

type crashLook struct {
	at      time.Time
	crashes uint64
}

// Conditions are what is wrong with the plugins, in their order. Call it about once a
// second.
func (j *PluginJudge) Conditions(now time.Time, plugins []Plugin) (found []Condition) {
	if j.plugins == nil {
		j.plugins = map[string]*pluginMemory{}
	}
	for _, p := range plugins {
		m := j.plugins[p.Handler]
		if m == nil {
			m = &pluginMemory{}
			j.plugins[p.Handler] = m
		}
		if text := m.judge(now, p); text != "" {
			found = append(found, Condition{PluginTrouble, p.Handler, "the plugin of handler " + p.Handler + " " + text})
		}
	}
	return found
}

func (m *pluginMemory) judge(now time.Time, p Plugin) string {
	crashes := m.crashes(now, p.Crashes)
	switch {
	case !p.Running:
		m.well = time.Time{}
	case m.well.IsZero():
		m.well = now
	}
	switch {
	case p.Failing && m.failing.IsZero():
		m.failing = now
	case p.Running && now.Sub(m.well) >= PluginPatience:
		m.failing, m.error = time.Time{}, ""
	}
	if p.Failing {
		m.error = p.Error
	}
	switch {
	case !m.failing.IsZero() && now.Sub(m.failing) > PluginPatience:
		return fmt.Sprintf("has been failing for %v: %s", now.Sub(m.failing).Round(time.Second), m.error)
	case crashes > MaxCrashes:
		return fmt.Sprintf("has crashed %d times in a minute", crashes)
	case p.Running && p.Error != "":
		return "is " + p.Error + "; the old process goes on"
	}
	return ""
}

// crashes is how many there were in the window.
func (m *pluginMemory) crashes(now time.Time, total uint64) uint64 {
	m.looks = append(m.looks, crashLook{now, total})
	for len(m.looks) > 1 && now.Sub(m.looks[1].at) >= CrashWindow {
		m.looks = m.looks[1:]
	}
	return total - m.looks[0].crashes
}

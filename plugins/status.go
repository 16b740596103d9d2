package plugins

import (
	"slices"
	"time"
)

// The states of a plugin.
const (
	PluginStarting = "starting"
	PluginRunning  = "running"
	// PluginFailing: it doesn't start, or crashes again and again, and is held back
	// between its starts.
	PluginFailing = "failing"
)

// PluginStatus is how a handler's plugin is.
type PluginStatus struct {
	State string
	// PID, Name, Version and SDK are of the process that runs, or ran last.
	PID                int
	Name, Version, SDK string
	Since              time.Time // its start
	// Crashes and Replaced count since the daemon's start.
	Crashes, Replaced uint64
	// Error is the last one; empty when it runs and no replacement was refused.
	Error string

	crashes []time.Time // recent ones
}

func (s *PluginStatus) started(p *process) {
	s.State, s.PID, s.Since, s.Error = PluginRunning, p.pid(), p.began, ""
	s.Name, s.Version, s.SDK = p.info.GetName(), p.info.GetVersion(), p.info.GetSdk()
}

func (s *PluginStatus) crashed(cause string, now time.Time) {
	s.Crashes++
	s.State, s.Error = PluginStarting, cause
	s.crashes = append(s.crashes, now)
}

// recent is how many crashes there were in the window.
func (s *PluginStatus) recent(now time.Time) int {
	s.crashes = slices.DeleteFunc(s.crashes, func(at time.Time) bool { return now.Sub(at) > crashWindow })
	return len(s.crashes)
}

func (h *pluginHost) status() PluginStatus {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.state
	s.crashes = nil
	return s
}

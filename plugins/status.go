package plugins

import (
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/plugins/wire"
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
	// PID, Name, Version and SDK are of the process that runs, or ran last; the texts
	// are its own, of at most maxWords bytes and fit for a terminal.
	PID                int
	Name, Version, SDK string
	Since              time.Time // its start
	// Resident is the memory of the process that runs; 0 while none does.
	Resident boostd.Bytes
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
	if h.current != nil {
		s.Resident = resident(s.PID)
	}
	return s
}

// maxWords bounds what a plugin says of itself, in bytes.
const maxWords = 100

// tidy makes a plugin's words fit for logs, listings and labels.
func tidy(r *wire.StartReply) *wire.StartReply {
	short := func(text string) string { return printable([]byte(text), maxWords) }
	return &wire.StartReply{Name: short(r.GetName()), Version: short(r.GetVersion()), Sdk: short(r.GetSdk())}
}

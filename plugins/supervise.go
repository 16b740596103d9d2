package plugins

import (
	"context"
	"errors"
	"time"
)

const (
	// fileInterval is the time between two looks at the plugin's file.
	fileInterval = time.Second
	// retireGrace is what a process that is replaced has beyond the handler's timeout.
	retireGrace = 10 * time.Second
	// A plugin that has crashed so often in so long is held back between its starts.
	crashesAtOnce = 5
	crashWindow   = time.Minute
	crashPause    = 500 * time.Millisecond
)

// supervise keeps a process running until the handler is closed. It is a goroutine of
// its own.
func (h *pluginHost) supervise() {
	f := fileWatch{paths: append([]string{h.command.path}, filesOf(h.command.argv[1:])...)}
	ticker := time.NewTicker(fileInterval)
	defer ticker.Stop()
	for h.life.Err() == nil {
		h.restart(&f)
		dead := h.deadOf()
		select {
		case <-h.life.Done():
		case <-dead:
			h.crashed()
		case reply := <-h.requests:
			reply <- h.takeOver(&f)
		case <-ticker.C:
			if f.changed() {
				_ = h.takeOver(&f) // it has said so
			}
		}
	}
}

// restart starts a process when there is none, and waits as long as it is held back.
func (h *pluginHost) restart(f *fileWatch) {
	for h.life.Err() == nil && h.deadOf() == nil {
		h.mu.Lock()
		wait, ok := h.restarts.start(time.Now())
		h.mu.Unlock()
		if !ok {
			h.pause(wait)
			continue
		}
		f.look()
		p, err := h.launch(h.life)
		if err != nil {
			h.notStarted(err)
			continue
		}
		h.install(p)
	}
}

// pause waits, or until somebody asks for another process.
func (h *pluginHost) pause(wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-h.life.Done():
	case <-timer.C:
	case reply := <-h.requests:
		p, err := h.launch(h.life)
		if err == nil {
			h.install(p)
		}
		reply <- err
	}
}

func (h *pluginHost) notStarted(err error) {
	if h.life.Err() != nil {
		return
	}
	h.log.notStarted(err)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.restarts.failed(time.Now())
	if h.current == nil { // else it was the ward's
		h.state.State, h.state.Error = PluginFailing, err.Error()
	}
}

// deadOf is closed when the current process is over; nil when there is none.
func (h *pluginHost) deadOf() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.current == nil {
		return nil
	}
	return h.current.dead
}

// install gives the slots another process.
func (h *pluginHost) install(p *process) {
	h.keep(p)
	if h.life.Err() != nil {
		h.retire(p)
		return
	}
	h.attend(p)
	h.mu.Lock()
	old := h.current
	h.current = p
	h.state.started(p)
	h.announce()
	h.mu.Unlock()
	h.logger.Info("plugin runs", "pid", p.pid(), "name", p.info.GetName(), "version", p.info.GetVersion(), "sdk", p.info.GetSdk())
	if old != nil {
		h.retire(old)
	}
}

// keep has the handler's end see to a process.
func (h *pluginHost) keep(p *process) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[p] = false
}

// forget is for a process that is over.
func (h *pluginHost) forget(p *process) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.all, p)
}

// retire lets a process finish what it has, and ends it, beside everything else.
func (h *pluginHost) retire(p *process) {
	h.mu.Lock()
	leaves := h.all[p]
	h.all[p] = true
	h.mu.Unlock()
	if leaves {
		return
	}
	h.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), h.timeout()+cancelWait+retireGrace)
		defer cancel()
		p.leave(ctx)
		h.forget(p)
	})
}

// crashed notes the end of the current process.
func (h *pluginHost) crashed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.current
	h.current = nil
	delete(h.all, p)
	h.tasks.Go(func() { <-p.buried })
	now := time.Now()
	if h.closed {
		return
	}
	h.state.crashed(p.death.cause, now)
	switch {
	case !p.answered.Load():
		h.restarts.failed(now)
		h.state.State = PluginFailing
	case h.state.recent(now) > crashesAtOnce:
		h.restarts.slow(now, crashPause)
		h.state.State = PluginFailing
	default:
		h.restarts.answered()
	}
	h.log.ended(p.pid(), p.death.cause)
}

// replace asks for another process, and returns when it serves the slots, or why the
// old one still does.
func (h *pluginHost) replace(ctx context.Context) error {
	reply := make(chan error, 1)
	select {
	case h.requests <- reply:
	case <-h.life.Done():
		return errors.New("the handler is closed")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-reply:
		return err
	case <-h.life.Done():
		return errors.New("the handler is closed")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// takeOver starts another process beside the current one, which stays where that
// fails.
func (h *pluginHost) takeOver(f *fileWatch) error {
	f.look()
	p, err := h.launch(h.life)
	if err != nil {
		h.logger.Error("plugin isn't replaced: the old process goes on", "error", err)
		h.mu.Lock()
		h.state.Error = "not replaced: " + err.Error()
		h.mu.Unlock()
		return err
	}
	h.mu.Lock()
	h.state.Replaced++
	h.mu.Unlock()
	h.install(p)
	return nil
}

package plugins

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kafkaboost/boostd"
)

// ward is where messages are handled alone, one at a time, with a process of its own:
// who was beside a crash, and may have caused it.
type ward struct {
	turn    chan struct{} // who holds it has the rest
	process *process
	used    time.Time
}

// wardIdle is how long the ward's process waits for another message.
const wardIdle = 10 * time.Second

// alone handles one message, which was near a crash, with nothing beside it.
func (h *pluginHost) alone(ctx context.Context, m *boostd.Message) boostd.Result {
	select {
	case h.sick.turn <- struct{}{}:
	case <-ctx.Done():
		return released(whyEnded(ctx))
	}
	defer func() { <-h.sick.turn }()
	p, err := h.wardProcess(ctx)
	if err != nil {
		return released(err.Error())
	}
	l, err := p.lane()
	if l == nil {
		p.kill(death{cause: "plugin takes no stream", wanted: true})
		return released(fmt.Sprintf("no stream to the plugin: %v", err))
	}
	defer p.release(l)
	one := &oneMessage{message: m}
	t := talk{host: h, process: p, lane: l, work: one, trusted: true}
	t.run(ctx)
	if p.over() {
		h.crashedAlone()
	} else {
		h.suspects.clear(m)
	}
	return one.result
}

// crashedAlone counts a crash; the process that serves the slots has none.
func (h *pluginHost) crashedAlone() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state.Crashes++
}

// wardProcess is the one that runs, or a new one.
func (h *pluginHost) wardProcess(ctx context.Context) (*process, error) {
	w := &h.sick
	w.used = time.Now()
	if w.process != nil && !w.process.over() {
		return w.process, nil
	}
	if err := h.mayStart(ctx); err != nil {
		return nil, err
	}
	p, err := h.launch(h.life)
	if err != nil {
		h.notStarted(err)
		return nil, err
	}
	h.keep(p)
	w.process = p
	h.tasks.Go(func() { h.attendWard(p) })
	return p, nil
}

// mayStart waits as long as starts are held back.
func (h *pluginHost) mayStart(ctx context.Context) error {
	for {
		h.mu.Lock()
		wait, ok := h.restarts.start(time.Now())
		h.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return errors.New(whyEnded(ctx))
		case <-h.life.Done():
			return errors.New("the handler is closed")
		}
	}
}

// attendWard ends a process that nobody has needed for a while.
func (h *pluginHost) attendWard(p *process) {
	ticker := time.NewTicker(wardIdle)
	defer ticker.Stop()
	for {
		select {
		case <-p.dead:
			<-p.buried
			h.forget(p)
			return
		case <-h.life.Done():
			return
		case <-ticker.C:
		}
		select {
		case h.sick.turn <- struct{}{}:
		default:
			continue // somebody needs it
		}
		idle := time.Since(h.sick.used) >= wardIdle
		if idle {
			h.sick.process = nil
		}
		<-h.sick.turn
		if idle {
			h.retire(p)
			return
		}
	}
}

// oneMessage is the work of one message.
type oneMessage struct {
	message *boostd.Message
	taken   bool
	result  boostd.Result
}

// Next implements boostd.Work.
func (o *oneMessage) Next() (*boostd.Message, bool) {
	if o.taken {
		return nil, false
	}
	o.taken = true
	return o.message, true
}

// Report implements boostd.Work.
func (o *oneMessage) Report(_ *boostd.Message, r boostd.Result) { o.result = r }

package plugins

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/plugins/wire"
)

// pluginHost is a handler of kind plugin: one process of the plugin at a time, which
// serves all slots, and one for messages that may be why another crashed.
//
// A call that finds no process waits for one before it takes a message, so that
// waiting costs no attempt. Another process takes over without anybody waiting: calls
// that have begun with the old one end there.
type pluginHost struct {
	name     string
	command  command
	settings map[string]string
	version  string
	dir      string // of sockets
	log      *programLog
	logger   hclog.Logger
	thread   *thread
	suspects suspects
	sick     ward

	// The constants of these names, but in tests.
	cancelWait, healthInterval, healthTimeout time.Duration

	patience atomic.Int64 // Config.Timeout
	mean     atomic.Int64 // of a message, in nanoseconds; 0: not known
	slots    atomic.Int64
	batch    atomic.Int64 // Config.Batch.Max

	life     context.Context // until close
	end      context.CancelFunc
	tasks    sync.WaitGroup
	requests chan chan error // somebody wants another process

	mu       sync.Mutex
	current  *process
	changed  chan struct{} // closed and replaced when current or closed changes
	closed   bool
	all      map[*process]bool // what may run; true: it has been told to end
	restarts restarts
	state    PluginStatus
}

func newPluginHost(name string, c Config, o Options, logger hclog.Logger) (*pluginHost, error) {
	path, err := filepath.Abs(c.Plugin)
	if err == nil {
		err = trust(path, c.Args)
	}
	if err != nil {
		return nil, fmt.Errorf("plugin: %q: want a program that exists, is executable and can't be changed by others: %w", c.Plugin, err)
	}
	dir, err := socketFolder()
	if err != nil {
		return nil, err
	}
	h := &pluginHost{
		name: name, version: o.Version, dir: dir,
		command: command{path: path, argv: append([]string{path}, c.Args...), env: programEnv(c.Process.Env), limits: c.Process.Limits},
		log:     &programLog{logger: logger}, logger: logger,
		thread: newThread(), requests: make(chan chan error), changed: make(chan struct{}), all: map[*process]bool{},
		cancelWait: cancelWait, healthInterval: healthInterval, healthTimeout: healthTimeout, settings: map[string]string{}, sick: ward{turn: make(chan struct{}, 1)},
	}
	for key, value := range c.Settings {
		h.settings[key] = value.Reveal()
	}
	h.state.State = PluginStarting
	h.reconfigure(c)
	h.life, h.end = context.WithCancel(context.Background())
	h.tasks.Go(h.supervise)
	return h, nil
}

func (h *pluginHost) reconfigure(c Config) {
	h.patience.Store(int64(c.Timeout))
	h.batch.Store(int64(c.Batch.Max))
	if before := h.slots.Swap(int64(c.Slots)); before != 0 && before < int64(c.Slots) {
		h.tasks.Go(func() { _ = h.replace(h.life) }) // it is told of the slots at its start
	}
}

func (h *pluginHost) timeout() time.Duration { return time.Duration(h.patience.Load()) }

// together reports whether the plugin is given batches to handle as one.
func (h *pluginHost) together() bool { return h.batch.Load() > 1 }

// credit is how many messages a slot may have with the plugin.
func (h *pluginHost) credit() int {
	if most := h.batch.Load(); most > 1 {
		return int(most)
	}
	mean := h.mean.Load()
	if mean == 0 {
		return 1
	}
	return int(min(max(int64(creditTime)/mean, 1), maxCredit))
}

// took notes the time of n messages of one slot.
func (h *pluginHost) took(d time.Duration, n int) {
	sample := max(int64(d)/int64(n), 1)
	mean := h.mean.Load()
	if mean == 0 {
		mean = sample
	}
	h.mean.Store(max(mean+(sample-mean)/8, 1)) // a sample that another slot's overwrites is no loss
}

func (h *pluginHost) takes() bool { return true }

func (h *pluginHost) handle(ctx context.Context, work boostd.Work) {
	for {
		p, l := h.enter(ctx)
		if p == nil {
			return
		}
		t := talk{host: h, process: p, lane: l, work: work}
		suspect := t.run(ctx)
		p.release(l)
		if suspect == nil {
			return
		}
		work.Report(suspect, h.alone(ctx, suspect))
	}
}

// enter waits for a process and takes a lane of it; nil when ctx or the handler ends
// before.
func (h *pluginHost) enter(ctx context.Context) (*process, *lane) {
	for {
		h.mu.Lock()
		p, changed, closed := h.current, h.changed, h.closed
		h.mu.Unlock()
		if closed || ctx.Err() != nil {
			return nil, nil
		}
		if p != nil {
			l, err := p.lane()
			if l != nil {
				return p, l
			}
			if err != nil {
				p.kill(death{cause: "plugin takes no stream: " + err.Error()})
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// launch starts a process, once the plugin's file may be trusted.
func (h *pluginHost) launch(ctx context.Context) (*process, error) {
	if err := trust(h.command.path, h.command.argv[1:]); err != nil {
		return nil, err
	}
	l := &launcher{command: h.command, thread: h.thread, log: h.log, starting: ctx}
	return startProcess(ctx, l, h.dir, &wire.StartRequest{
		Handler: h.name, Boostd: h.version, Slots: uint32(h.slots.Load()), Settings: h.settings})
}

// hangs ends a process that doesn't answer what was cancelled, after it was asked
// where it stands.
func (h *pluginHost) hangs(p *process, blamed *lane) {
	ctx, cancel := context.WithTimeout(h.life, time.Second)
	defer cancel()
	if r, err := p.rpc.Stacks(ctx, &wire.StacksRequest{}); err == nil {
		h.logger.Error("plugin hangs: it didn't answer what was cancelled, and is ended", "pid", p.pid(),
			"stacks", r.GetText()[:min(len(r.GetText()), wire.MaxStacks)])
	} else {
		h.logger.Error("plugin hangs: it didn't answer what was cancelled, and is ended", "pid", p.pid())
	}
	p.kill(death{cause: "timed out, and ignored its cancellation", blamed: blamed})
}

func (h *pluginHost) close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	processes := slices.Collect(maps.Keys(h.all))
	h.announce()
	h.mu.Unlock()
	h.end()
	for _, p := range processes {
		h.retire(p)
	}
	ended := make(chan struct{})
	go func() { h.tasks.Wait(); close(ended) }()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		h.killAll()
		select {
		case <-ended:
		case <-time.After(killWait):
			err = errors.New("a plugin's process doesn't end")
		}
	}
	if err == nil {
		h.thread.end()
	}
	return errors.Join(err, os.RemoveAll(h.dir))
}

// announce wakes whoever waits for a process. The lock is held.
func (h *pluginHost) announce() {
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *pluginHost) killAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for p := range h.all {
		p.kill(death{cause: "the daemon stops", wanted: true})
	}
}

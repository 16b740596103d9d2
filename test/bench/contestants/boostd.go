package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/daemon"
	"github.com/kafkaboost/boostd/logs"
	"github.com/kafkaboost/boostd/test/bench/task"
)

// runBoostd is the daemon as `boostd run` runs it, in this process: the whole of it, from
// a boostd.yaml and a settings document in the task's folder, which a benchmark may
// change while it runs. Nothing is tuned: what it has are the defaults, runtime included.
// It reads the base topic as well, as it always does: a consumer more than the others have.
//
// The handler is the built-in noop. Around it the recorder counts, and sleeps for the
// task's work, so that every message has the same to do with every contestant.
func runBoostd(ctx context.Context, t *task.Task, r *recorder) error {
	path, err := writeConfig(t)
	if err != nil {
		return err
	}
	reread := func() (conf.Loaded, error) { return conf.Read(path, conf.Options{}) }
	loaded, err := reread()
	if err != nil {
		return err
	}
	logger, levels, err := logs.New(logs.Options{Output: os.Stderr, Config: loaded.File.Log})
	if err != nil {
		return err
	}
	daemon.TuneRuntime()
	r.polling() // a little early: its consumers begin when topics and settings were looked at
	d, err := daemon.Start(ctx, daemon.Options{Config: loaded.File, Reread: reread, Logger: logger, Levels: levels, Version: "bench", Instance: "bench/" + strconv.Itoa(os.Getpid()), Wrap: newMeter(t, r).wrap})
	if errors.Is(err, errStop) {
		return nil
	}
	if err != nil {
		return err
	}
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-d.Failed():
	}
	return errors.Join(failure, d.Stop())
}

// maxSocket is the longest path of a Unix socket, in bytes.
const maxSocket = 107

// writeConfig writes boostd.yaml and settings.json into the task's folder. Without room
// for the control socket's path there is none.
func writeConfig(t *task.Task) (path string, err error) {
	control := filepath.Join(t.Dir, "control.sock")
	if len(control) > maxSocket {
		control = "off"
	}
	handler := map[string]any{"noop": map[string]any{}, "slots": t.Slots}
	if t.Reserve > 0 {
		handler["policy"] = map[string]any{"reserve": map[string]int{strconv.Itoa(t.Highest): t.Reserve}}
	}
	path = filepath.Join(t.Dir, "boostd.yaml")
	return path, errors.Join(
		// What is JSON is YAML.
		writeJSON(path, map[string]any{
			"control": control, "state_dir": filepath.Join(t.Dir, "state"),
			"kafka":    map[string]any{"brokers": t.Brokers, "group": t.Group},
			"settings": map[string]any{"source": "file:settings.json"},
			"topics":   map[string]any{t.Base: map[string]any{"handler": "work", "order": t.Order}},
			"handlers": map[string]any{"work": handler},
		}),
		writeJSON(filepath.Join(t.Dir, "settings.json"), map[string]any{
			"max_priority": t.Highest, "default_priority": 0,
			"Priority_boost": []any{map[string]any{"topic_name": t.Base, "priority_boost_min_value": t.Lowest, "number_of_partitions": t.Partitions}},
		}))
}

func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}

// meter hands out what counts a handler's messages: one to each run of messages, for as
// long as it lasts. At most as many runs as slots are under way.
type meter struct{ free chan *metered }

func newMeter(t *task.Task, r *recorder) *meter {
	m := &meter{free: make(chan *metered, t.Slots)}
	for range t.Slots {
		m.free <- &metered{slot: r.slot()}
	}
	return m
}

func (m *meter) wrap(_ string, h actors.Handler) actors.Handler { return &around{m, h} }

type around struct {
	meter *meter
	inner actors.Handler
}

var _ actors.Handler = (*around)(nil)

// Handle implements actors.Handler.
func (a *around) Handle(ctx context.Context, work boostd.Work) {
	w := <-a.meter.free
	w.inner = work
	a.inner.Handle(ctx, w)
	w.inner = nil
	a.meter.free <- w
}

// metered is a run of messages that is counted.
type metered struct {
	inner boostd.Work
	slot  *slot
}

var _ boostd.Work = (*metered)(nil)

// Next implements boostd.Work. The message's work is done here: the handler has none.
func (w *metered) Next() (*boostd.Message, bool) {
	m, ok := w.inner.Next()
	if !ok {
		return nil, false
	}
	var produced []byte
	if len(m.Headers) > 0 {
		produced, _ = m.Header(task.ProducedAt)
	}
	w.slot.begin(int(m.Level), m.Topic, m.Partition, m.Offset, produced)
	w.slot.work(m.Partition, m.Offset)
	return m, true
}

// Report implements boostd.Work.
func (w *metered) Report(m *boostd.Message, result boostd.Result) {
	w.slot.end()
	w.inner.Report(m, result)
}

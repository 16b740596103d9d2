package main

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/bench/task"
)

func TestJournal(t *testing.T) {
	j := newJournal()
	asked := 0
	used := func() usage { asked++; return usage{cpu: time.Duration(asked), peak: 1} }
	changed := j.changed
	for _, line := range []string{
		`{"event":"polling","at":10}`,
		`{"event":"handled","at":11,"topic":"t_0","partition":2,"offset":3}`,
		`{"event":"first","at":12}`,
		`{"event":"first","at":99}`,
		`{"event":"mark","at":13,"started":[4,5],"done":8,"waits":[1,2]}`,
		`{"event":"mark","at":14}`,
	} {
		j.read([]byte(line), used)
	}
	select {
	case <-changed:
	default:
		t.Error("nobody was told")
	}
	if first, ok, _, err := j.event(task.First); !ok || err != nil || first.At != 12 || first.used.cpu != 2 {
		t.Errorf("first: %+v, %v, %v", first, ok, err)
	}
	if _, ok, _, _ := j.event(task.Finished); ok {
		t.Error("finished, which nobody said")
	}
	for _, at := range []int64{13, 14} {
		if mark, ok, _, _ := j.mark(); !ok || mark.At != at {
			t.Errorf("mark %+v, %v, want the one of %d", mark, ok, at)
		}
	}
	if _, ok, _, _ := j.mark(); ok {
		t.Error("a third mark")
	}
	if trace := j.trace(); len(trace) != 1 || trace[0].Partition != 2 || trace[0].Offset != 3 {
		t.Errorf("trace %+v", trace)
	}
	j.read([]byte(`what?`), used)
	if _, _, _, err := j.mark(); err == nil {
		t.Error("nonsense was read")
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, line := range []string{
		`{"event":"polling","at":1}`, `{"event":"mark","at":1,"waits":[1]}`, `{"event":"mark"}`, `{"event":"x","at":1}`,
		`null`, `[]`, ``, `{"at":"1"}`, `{"event":"first","at":-1}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := parseEvent(line)
		if err == nil && (e.At <= 0 || e.Event == "") {
			t.Errorf("%q became %+v", line, e)
		}
	})
}

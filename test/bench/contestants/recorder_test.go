package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/test/bench/task"
)

// events are those of a recorder's output.
func events(t *testing.T, out *bytes.Buffer) (all []task.Event) {
	t.Helper()
	for line := range strings.Lines(out.String()) {
		var e task.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, e)
	}
	return all
}

// What slots begin and end at the same time adds up, by level, and a mark has each wait
// once.
func TestMarksAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		r := newRecorder(&task.Task{Lowest: 3, Highest: 5, WorkMin: 1000}, &out)
		produced := strconv.AppendInt(nil, time.Now().Add(-time.Minute).UnixNano(), 10)
		const slots, messages = 8, 30
		var all sync.WaitGroup
		for range slots {
			s := r.slot()
			all.Go(func() {
				for n := range messages {
					var stamp []byte
					if n%10 == 0 {
						stamp = produced
					}
					s.handle(3+n%3, "b_3", 0, int64(n), stamp)
				}
			})
		}
		time.Sleep(messages * time.Millisecond / 2)
		first := r.mark()
		all.Wait()
		last := r.mark()
		if first.Done >= last.Done || first.Done == 0 || first.Done > first.Started[0]+first.Started[1]+first.Started[2] {
			t.Errorf("in the middle %v began and %d ended", first.Started, first.Done)
		}
		if want := int64(slots * messages / 3); !slices.Equal(last.Started, []int64{want, want, want}) || last.Done != 3*want {
			t.Errorf("at the end %v began and %d ended", last.Started, last.Done)
		}
		if n := len(first.Waits) + len(last.Waits); n != slots*messages/10 || len(first.Waits) == 0 || len(last.Waits) == 0 {
			t.Errorf("%d and %d waits", len(first.Waits), len(last.Waits))
		}
		for _, w := range append(first.Waits, last.Waits...) {
			if d := time.Duration(w); d < time.Minute || d > time.Minute+messages*time.Millisecond {
				t.Errorf("a message waited %v", d)
			}
		}
		if e := events(t, &out); len(e) != 1 || e[0].Event != task.First {
			t.Errorf("the events are %+v", e)
		}
	})
}

// The end is told once, a moment after the last message's, and not before.
func TestTheEndIsToldInTime(t *testing.T) {
	for _, messages := range []int64{1, 100, 1000} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			r := newRecorder(&task.Task{Count: messages, WorkMin: 3000}, &out)
			s := r.slot()
			go func() {
				for n := range messages {
					s.handle(0, "b_0", 0, n, nil)
				}
			}()
			begin := time.Now()
			r.await(t.Context())
			all := events(t, &out)
			if len(all) != 2 || all[1].Event != task.Finished {
				t.Fatalf("the events are %+v", all)
			}
			late := time.Unix(0, all[1].At).Sub(begin) - time.Duration(messages)*3*time.Millisecond
			if late < 0 || messages > 1 && late > 2*time.Millisecond || late > longLook {
				t.Errorf("of %d messages the end is told %v late", messages, late)
			}
		})
	}
}

// Commands are carried out in turn, until a stop or their end; what is no command ends the
// contestant.
func TestCommands(t *testing.T) {
	for _, c := range []struct {
		commands string
		marks    int
		stopped  bool
	}{
		{"mark\nmark\nstop\nmark\n", 2, true},
		{"mark\n", 1, true},
		{"", 0, true},
		{" mark \r\nstop", 1, true},
		{"mark\nhalt\n", 1, false},
		{strings.Repeat("x", bufio.MaxScanTokenSize+1), 0, false},
	} {
		var out bytes.Buffer
		r := newRecorder(&task.Task{}, &out)
		ctx, cancel := context.WithCancelCause(t.Context())
		r.obey(strings.NewReader(c.commands), cancel)
		if got := errors.Is(context.Cause(ctx), errStop); got != c.stopped || ctx.Err() == nil {
			t.Errorf("%.20q ends with %v", c.commands, context.Cause(ctx))
		}
		if n := len(events(t, &out)); n != c.marks {
			t.Errorf("%.20q: %d marks, want %d", c.commands, n, c.marks)
		}
	}
}

// given is a run of as many messages as it says.
type given struct {
	message boostd.Message
	left    int
}

func (g *given) Next() (*boostd.Message, bool) { g.left--; return &g.message, g.left >= 0 }

func (*given) Report(*boostd.Message, boostd.Result) {}

// noop is a handler as the built-in one.
type noop struct{}

func (noop) Handle(_ context.Context, work boostd.Work) {
	for m, ok := work.Next(); ok; m, ok = work.Next() {
		work.Report(m, boostd.Result{Outcome: boostd.Done})
	}
}

// What counts boostd's messages allocates nothing and loses none.
func TestBoostdIsMeteredWithoutAllocations(t *testing.T) {
	o := &task.Task{Highest: 1, Slots: 2}
	r := newRecorder(o, io.Discard)
	m := newMeter(o, r)
	h := m.wrap("work", noop{})
	work := &given{message: boostd.Message{Topic: "b_1", Level: 1}}
	work.left = 1
	h.Handle(t.Context(), work) // the first message has an event
	if n := testing.AllocsPerRun(100, func() {
		work.left = 256
		h.Handle(t.Context(), work)
	}); n != 0 {
		t.Errorf("%v allocations for 256 messages", n)
	}
	if e := r.mark(); e.Done != e.Started[1] || e.Done != 1+101*256 || e.Started[0] != 0 {
		t.Errorf("%v began and %d ended", e.Started, e.Done)
	}
}

// BenchmarkHandle is what a message costs a contestant: below 30 ns.
func BenchmarkHandle(b *testing.B) {
	s := newRecorder(&task.Task{Highest: 10}, io.Discard).slot()
	for n := range int64(b.N) {
		s.handle(int(n%11), "b_1", 1, n, nil)
	}
}

// BenchmarkMetered is what it costs boostd, the calls around it included.
func BenchmarkMetered(b *testing.B) {
	o := &task.Task{Slots: 1}
	h := newMeter(o, newRecorder(o, io.Discard)).wrap("work", noop{})
	work := &given{message: boostd.Message{Topic: "b_0"}, left: b.N}
	h.Handle(b.Context(), work)
}

package actors

import (
	"context"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

func TestPauseByHand(t *testing.T) {
	src := newFakeSource()
	e := start(t, setup{sources: []*fakeSource{src}, handler: handlerFunc(done)})
	src.emit(&boostd.Assigned{Partitions: []boostd.TopicPartition{{Topic: "t"}}})
	src.emit(&boostd.CaughtUp{})
	if err := e.PauseLevel(t.Context(), scheduler.Pause{Level: 0, By: "ann"}); err != nil {
		t.Fatal(err)
	}
	src.emit(&boostd.Batch{Messages: []boostd.Message{{Topic: "t", FetchedAt: time.Now()}}})
	s, err := e.Status(t.Context())
	if err != nil || len(s.Paused) != 1 || s.Paused[0].By != "ann" || s.Pools[0].Busy != 0 {
		t.Fatalf("status %+v, %v", s, err)
	}
	if was, err := e.ResumeLevel(t.Context(), 0); !was || err != nil {
		t.Fatalf("was %v, %v", was, err)
	}
	src.wait(t, 1)
	if was, err := e.ResumeLevel(t.Context(), 0); was || err != nil {
		t.Errorf("was paused %v after a resume, %v", was, err)
	}
	if err := e.PauseLevel(t.Context(), scheduler.Pause{Level: 11}); err == nil {
		t.Error("a level that there isn't was paused")
	}
}

// TestTurning: who stands still doesn't answer, and everybody else does.
func TestTurning(t *testing.T) {
	src := newFakeSource()
	release := make(chan struct{})
	stands := make(chan struct{})
	e := start(t, setup{sources: []*fakeSource{newFakeSource(), src}, handler: handlerFunc(done),
		resolve: func(*boostd.Message) { close(stands); <-release }})
	turned := func(ctx context.Context) map[string]bool {
		names := map[string]bool{}
		e.Turning(ctx, func(name string) { names[name] = true })
		return names
	}
	if got := turned(t.Context()); len(got) != 3 || !got[SchedulerName] || !got["level 0"] || !got["level 1"] {
		t.Errorf("these turn: %v", got)
	}
	src.emit(&boostd.Batch{Messages: make([]boostd.Message, 1)})
	<-stands
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got := turned(ctx); len(got) != 2 || got["level 1"] {
		t.Errorf("these turn while level 1 stands still: %v", got)
	}
	close(release)
}

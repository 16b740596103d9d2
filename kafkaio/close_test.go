package kafkaio

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// A task that comes to use the client while it is closed, as one does that was
// begun by an assignment in the last moment, doesn't hold up the end.
func TestTheEndWaitsForNoTaskThatWaitsForIt(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 1)
	r := open(t, c, "a", true, wide)
	r.until(t, "assigned", func() bool { return r.saw("Assigned") })
	ended := make(chan struct{})
	r.source.tasks.Go(func() {
		<-r.source.closed
		if _, err := r.source.callCommit(nil); !errors.Is(err, errClientClosed) {
			t.Errorf("a commit after the end: %v", err)
		}
		close(ended)
	})
	r.stop(t)
	select {
	case <-ended:
	default:
		t.Error("it ended without the task")
	}
}

// What the poll loop hands over while the Source is being stopped may be settled behind
// the last commit has been put together: it is committed, too.
func TestSettledDuringTheStop(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 1)
	const messages = 300 // more than one batch
	produce(t, c, "a", messages, []byte("v"))
	o := options(c, "a", wide)
	o.CommitInterval = time.Hour
	handing, committing := make(chan struct{}), make(chan struct{})
	o.BeforeCommit = sync.OnceFunc(func() { close(committing) })
	s, err := NewSource(o)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{source: s, to: s, auto: true, got: map[string]int{}, change: make(chan struct{})}
	batches := 0
	if err := s.Start(func(event any) {
		if _, ok := event.(*boostd.Batch); ok {
			if batches++; batches == 2 {
				close(handing)
				<-committing
			}
		}
		r.emit(event)
	}); err != nil {
		t.Fatal(err)
	}
	<-handing
	r.stop(t)
	produce(t, c, "a", 1, []byte("v"))
	next := open(t, c, "a", true, wide)
	defer next.stop(t)
	next.until(t, "the last one", func() bool { return next.got[fmt.Sprintf("a/0@%d", messages)] == 1 })
	if r.got[fmt.Sprintf("a/0@%d", messages-1)] == 1 && len(next.got) != 1 {
		t.Errorf("%d messages came again", len(next.got)-1)
	}
}

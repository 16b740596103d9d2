package kafkaio

import (
	"errors"
	"testing"
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

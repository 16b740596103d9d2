package actors

import (
	"testing"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// What is told of a group holds lower levels back until nothing is left.
func TestGroupWork(t *testing.T) {
	src := newFakeSource()
	e := start(t, setup{handler: handlerFunc(done), slots: 4, sources: []*fakeSource{src}, group: true})
	tell := func(outstanding int64) {
		e.Group([]GroupWork{{Level: 9, GroupWork: scheduler.GroupWork{Outstanding: outstanding, Done: 1 - outstanding}}})
	}
	tell(1)
	src.emit(&boostd.Assigned{Partitions: only})
	src.emit(&boostd.CaughtUp{})
	src.emit(batch(0, 10, 0))
	s := status(t, e)
	for s.Consumers[0].Unsettled < 10 {
		s = status(t, e)
	}
	if g := s.Pools[0].Group; len(g) != 1 || g[0].Level != 9 || !g[0].Holds || s.Pools[0].Busy > 0 {
		t.Errorf("the pool is %+v", s.Pools[0])
	}
	tell(0)
	src.wait(t, 10)
}

func status(t *testing.T, e *Engine) scheduler.Status {
	t.Helper()
	s, err := e.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

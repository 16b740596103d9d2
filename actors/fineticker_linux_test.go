package actors

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// ticks is how many there have been, and how many more there are to be.
func (t *fineTicker) ticks() (all uint64, left int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all, t.left
}

func TestFineTickerEndsByItself(t *testing.T) {
	ticker, err := newFineTicker()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { ticker.run(); close(ended) }()
	most := uint64(fineFor / fineTick)
	for round := range uint64(3) {
		before, _ := ticker.ticks()
		ticker.start()
		eventually(t, "it is over", func() bool { _, left := ticker.ticks(); return left == 0 })
		if after, _ := ticker.ticks(); after < before+most {
			t.Errorf("round %d: %d ticks, want %d at least", round, after-before, most)
		}
	}
	ticker.close()
	<-ended
	ticker.start() // does nothing: no other file has its number
	ticker.close()
}

func TestNoFineTicker(t *testing.T) {
	var none *fineTicker
	none.start()
	none.run()
	none.close()
}

// Timers are punctual while something higher waits for slots that lower messages
// have, and only then.
func TestTimersArePunctualForWhatOvertakes(t *testing.T) {
	const slots, quick = 2, 50
	low, high := newFakeSource(), newFakeSource()
	running, release := make(chan struct{}, slots), make(chan struct{})
	e := start(t, setup{sources: []*fakeSource{low, high}, slots: slots, handler: handlerFunc(func(ctx context.Context, m *boostd.Message) boostd.Result {
		if m.Level == 0 && m.Offset >= quick {
			running <- struct{}{}
			<-release
		}
		time.Sleep(2 * fineTick) // what work takes
		return done(ctx, m)
	})})
	for _, src := range []*fakeSource{low, high} {
		src.emit(&boostd.Assigned{Partitions: only})
		src.emit(&boostd.CaughtUp{})
	}
	low.emit(batch(0, quick, 0))
	low.wait(t, quick)
	low.emit(batch(quick, slots, 0))
	for range slots {
		<-running
	}
	if all, left := e.ticker.ticks(); all > 0 || left > 0 {
		t.Errorf("%d ticks, %d to come, and nothing was overtaken", all, left)
	}
	high.emit(batch(0, 1, 1))
	eventually(t, "it ticks", func() bool { all, _ := e.ticker.ticks(); return all > 0 })
	close(release)
	high.wait(t, 1)
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !is(); runtime.Gosched() {
		if time.Now().After(limit) {
			t.Fatalf("not in %v: %s", patience, what)
		}
	}
}

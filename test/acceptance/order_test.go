//go:build acceptance

package acceptance

import (
	"testing"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/test/rig"
)

// Produce level 5, then level 10, then start: level 10 first, every time.
func TestLevel10FirstHundredTimes(t *testing.T) {
	const times, each = 100, 50
	first := 0
	for range times {
		ok := true
		t.Run("", func(t *testing.T) { ok = levelTenFirst(t, each) })
		if ok {
			first++
		}
	}
	t.Logf("level 10 first: %d times of %d", first, times)
	if first < times {
		t.Errorf("level 10 was first %d times of %d", first, times)
	}
}

func levelTenFirst(t *testing.T, each int) bool {
	s := rig.New(t, kafka, rig.Options{Min: 5, Partitions: 1, Handler: "noop: {}, slots: 4"})
	load := s.Load(t)
	load.Fill(5, each, 100)
	load.Fill(10, each, 100)
	_, stop := s.Start(t)
	load.AwaitHandled()
	stop()
	lowest, highest := int64(0), int64(0) // the first start of level 5, the last of level 10
	for _, r := range s.Audit(t) {
		at := r.StartedAt.UnixNano()
		if r.Level == boostd.Level(10) {
			highest = max(highest, at)
		} else if lowest == 0 || at < lowest {
			lowest = at
		}
	}
	return highest < lowest
}

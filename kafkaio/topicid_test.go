package kafkaio

import (
	"testing"
	"time"
)

// A topic is deleted and made anew, and has more messages than were read of the old
// one, before the client looks: all of the new ones are read.
func TestTopicMadeAnewIsReadFromItsBeginning(t *testing.T) {
	inBothWays(t, testTopicMadeAnewIsReadFromItsBeginning)
}

func testTopicMadeAnewIsReadFromItsBeginning(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 2)
	produce(t, c, "a", 100, []byte("old"))
	o := options(c, "a", wide)
	o.TopicInterval = 200 * time.Millisecond
	r := openWith(t, o, true)
	r.until(t, "the old ones", func() bool { return len(r.got) == 100 })
	r.source.SetPaused(true)
	r.stays(t, "pausing", 2*idleWait, func() bool { return true })
	admin, err := NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if err := admin.DeleteTopics(t.Context(), []string{"a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.EnsureTopics(t.Context(), []TopicSpec{{Name: "a", Partitions: 2}}); err != nil {
		t.Fatal(err)
	}
	produce(t, c, "a", 400, []byte("new"))
	r.mu.Lock()
	clear(r.got)
	r.mu.Unlock()
	r.until(t, "noticed", func() bool { return r.source.troubled("offsets_reset") })
	r.source.SetPaused(false)
	r.until(t, "the new ones", func() bool { return len(r.got) == 400 })
	r.stop(t)
	again := open(t, c, "a", true, wide)
	again.until(t, "caught up", func() bool { return again.saw("CaughtUp") })
	if len(again.got) > 0 {
		t.Errorf("%d messages were not committed", len(again.got))
	}
	again.stop(t)
}

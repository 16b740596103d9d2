package kafkaio

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

func TestRefusals(t *testing.T) {
	var r refusals
	now := time.Unix(1e9, 0)
	at := func(offset int64) *boostd.Message { return &boostd.Message{Topic: "t", Offset: offset} }
	large, closed := fmt.Errorf("oh: %w", ErrTooLarge), fmt.Errorf("oh: %w", ErrDenied)
	r.note(at(7), "x", large, now)
	r.note(at(9), "x", large, now)
	r.note(at(1), "y", closed, now)
	r.note(at(2), "z", errors.New("something that goes by"), now)
	expect := func(when string, offset int64, topic string, later time.Duration, want error) {
		t.Helper()
		if err := r.of(at(offset), topic, now.Add(later)); !errors.Is(err, want) {
			t.Errorf("%s, %d to %s after %v: %v, want %v", when, offset, topic, later, err, want)
		}
	}
	expect("at first", 7, "x", time.Hour, large)
	expect("at first", 8, "x", 0, nil)
	expect("at first", 2, "z", 0, nil)
	expect("at first", 5, "y", refusalStands-1, closed)
	expect("at first", 5, "y", refusalStands, nil)
	r.forget([]offsets.Commit{{TopicPartition: at(0).TopicPartition(), Offset: 9}})
	expect("when it is committed", 7, "x", 0, nil)
	expect("when it is committed", 9, "x", 0, large)
	for n := range int64(2 * mostRefusals) {
		r.note(at(n), fmt.Sprint(n), large, now)
		r.note(at(n), fmt.Sprint(n), closed, now)
	}
	if len(r.places) > mostRefusals || len(r.topics) > mostRefusals {
		t.Errorf("%d places and %d topics are remembered, want at most %d", len(r.places), len(r.topics), mostRefusals)
	}
}

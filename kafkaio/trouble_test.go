package kafkaio

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
)

// A loop that could not poll for too long is put out of its group, loses its
// partitions, joins again and goes on.
func TestSourceJoinsAgainAfterItCouldNotPoll(t *testing.T) {
	inBothWays(t, testSourceJoinsAgainAfterItCouldNotPoll)
}

func testSourceJoinsAgainAfterItCouldNotPoll(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 2)
	c.Properties = map[string]string{"session.timeout.ms": "3000", "max.poll.interval.ms": "3000"}
	produce(t, c, "a", 100, []byte("v"))
	s, err := NewSource(SourceOptions{Config: c, Group: "g_base", Topics: []string{"a"}, Level: "base",
		Window: wide, Activity: &Activity{}, Logger: hclog.NewNullLogger(), CommitInterval: 50 * time.Millisecond, oneByOne: readOneByOne(t)})
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{source: s, to: s, got: map[string]int{}, change: make(chan struct{})}
	stuck := make(chan struct{})
	err = s.Start(func(event any) {
		if _, first := event.(*boostd.Batch); first {
			<-stuck
		}
		r.emit(event)
	})
	if err != nil {
		t.Fatal(err)
	}
	r.stays(t, "stuck", 5*time.Second, func() bool { return len(r.got) == 0 })
	close(stuck)
	r.until(t, "its partitions are lost", func() bool { return r.saw("Lost") })
	r.until(t, "the trouble is over", func() bool { return r.saw("Trouble(membership: <nil>)") })
	r.mu.Lock()
	r.auto = true
	r.settleLocked(len(r.queue)) // some are of the lost assignment, and are ignored
	r.mu.Unlock()
	r.until(t, "all have come, the first ones again", func() bool {
		times := 0
		for _, n := range r.got {
			times += n
		}
		return len(r.got) == 100 && times > 100
	})
	// On a busy machine it may lose them once more.
	eventually(t, "all are committed", func() bool { return committed(t, c) == 100 })
	r.stop(t)
	if done := committed(t, c); done != 100 {
		t.Errorf("%d messages are committed, want 100", done)
	}
	if r.saw("Stopped") && slices.Index(r.events, "Stopped") != len(r.events)-1 {
		t.Errorf("events %v", r.events)
	}
	told, over := 0, slices.Index(r.events, "Trouble(membership: <nil>)")
	for _, e := range r.events[:over] {
		if strings.HasPrefix(e, "Trouble(membership: group g_base: left it because nothing was polled") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the trouble was told %d times: %v", told, r.events)
	}
}

// committed is how many messages the group has committed as done.
func committed(t *testing.T, c Config) (sum int64) {
	t.Helper()
	admin, err := NewAdmin(c)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	offsets, err := admin.Committed(ctx, "g_base")
	if err != nil {
		t.Fatal(err)
	}
	for _, offset := range offsets {
		sum += offset
	}
	return sum
}

// silentSource is one that isn't started: its events are told to the test.
func silentSource(t *testing.T) (*Source, *[]string) {
	t.Helper()
	c := Config{Brokers: []string{"127.0.0.1:1"}, Group: "g"}
	c.SetDefaults()
	s, err := NewSource(SourceOptions{Config: c, Group: "g_base", Topics: []string{"a"}, Level: "base",
		Window: wide, Activity: &Activity{}, Logger: hclog.NewNullLogger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	var told []string
	s.emit = func(event any) {
		if e, ok := event.(*boostd.Trouble); ok {
			text := e.Kind
			if e.Err == nil {
				text += " is over"
			}
			told = append(told, text)
		}
	}
	return s, &told
}

func TestTroubleIsToldOnce(t *testing.T) {
	s, told := silentSource(t)
	for range 20 {
		s.clientError(kafka.NewError(kafka.ErrAllBrokersDown, "1/1 brokers are down", false))
		s.setTrouble("connection", errors.New("refused"))
	}
	s.setTrouble("connection", errors.New("wrong password"))
	s.setTrouble("topic", errors.New("gone"))
	if status := s.Status(); len(status.Troubles) != 2 || status.Troubles[0].Text != "wrong password" || status.Troubles[1].Kind != "topic" {
		t.Errorf("status %+v", status.Troubles)
	}
	s.clearTrouble("connection")
	s.clearTrouble("connection")
	s.clearTrouble("topic")
	want := "connection connection topic connection is over topic is over"
	if got := strings.Join(*told, " "); got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	if status := s.Status(); len(status.Troubles) != 0 {
		t.Errorf("status %+v", status.Troubles)
	}
}

// Which event begins what.
func TestClientErrors(t *testing.T) {
	s, told := silentSource(t)
	for _, c := range []struct {
		code    kafka.ErrorCode
		text    string
		trouble string
	}{
		{kafka.ErrTransport, "x:1/0: Connect to ipv4#1.2.3.4:1 failed: Connection refused (after 0ms in state CONNECT)", ""},
		{kafka.ErrInconsistentGroupProtocol, "", "membership"},
		{kafka.ErrInvalidSessionTimeout, "", ""}, // stands already, with another text
		{kafka.ErrGroupAuthorizationFailed, "FindCoordinator response error: Group authorization failed.", "authorization"},
		{kafka.ErrBadMsg, "something without a broker", ""},
	} {
		before := len(*told)
		s.clientError(kafka.NewError(c.code, c.text, false))
		if c.trouble != "" && (len(*told) == before || (*told)[len(*told)-1] != c.trouble) {
			t.Errorf("%v: told %v, want %s", c.code, *told, c.trouble)
		}
	}
	if got := s.watch.suspects.brokers(); len(got) != 1 || got[0] != "x:1" {
		t.Errorf("suspects %v", got)
	}
	s.watch.allowed(atCoordinator)
	if s.troubled("authorization") {
		t.Error("the permission is still denied")
	}
	s.clientError(kafka.NewError(kafka.ErrGroupAuthorizationFailed, `Failed to fetch committed offset for group "g" topic t [0]: Broker: Group authorization failed`, false))
	if s.watch.allowed(atCoordinator); !s.troubled("authorization") {
		t.Error("a coordinator that is found says that offsets may be asked for")
	}
	if s.watch.allowed(atOffsets); s.troubled("authorization") {
		t.Error("offsets are still denied")
	}
	for _, e := range []kafka.Error{
		kafka.NewError(kafka.ErrFenced, "fenced", true), kafka.NewError(kafka.ErrNoOffset, "none", false),
	} {
		s.poll.ended = nil
		if s.clientError(e); s.poll.ended == nil {
			t.Errorf("%v doesn't end the source", e)
		}
	}
}

package letters

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/deadletter"
	"github.com/kafkaboost/boostd/kafkaio"
)

var everywhere = Replay{Most: deadletter.MaxReplays, Partitions: map[string]int{"orders": 2, "orders_7": 2}}

// What may go back goes back, in its order; a second replay finds nothing to do.
func TestReplay(t *testing.T) {
	store := filled()
	a := NewAccount()
	if err := look(t, store).Replay(t.Context(), &Selection{}, store, everywhere, a); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(store.values("orders_7", 1)); got != "[b c f]" {
		t.Errorf("sent back %s", got)
	}
	r := a.Report()
	if r.Selected != 5 || r.Resolved != 3 || r.Failed != 0 || r.Unmarked != 0 || fmt.Sprint(r.Topics, r.Refused) != "map[orders_7:3] map[max_replays:1 unknown_origin:1]" {
		t.Errorf("report %+v", r)
	}
	if got := fmt.Sprint(open(t, look(t, store), &Selection{})); got != "[0@4=stranger 1@2=e]" {
		t.Errorf("left are %s", got)
	}
	again := NewAccount()
	if err := look(t, store).Replay(t.Context(), &Selection{}, store, everywhere, again); err != nil || again.Done() != 0 || again.Refused() != 2 {
		t.Errorf("the second replay did %d: %v", again.Done(), err)
	}
	for _, want := range []string{"3 letters replayed", "to orders_7: 3", "1 letter not replayed: --max-replays is reached", "1 letter not replayed: nothing says"} {
		if !strings.Contains(a.Summary("replayed"), want) {
			t.Errorf("%q isn't in\n%s", want, a.Summary("replayed"))
		}
	}
}

func TestRehearse(t *testing.T) {
	store := filled()
	a := NewAccount()
	if err := look(t, store).Rehearse(t.Context(), &Selection{}, everywhere, a); err != nil {
		t.Fatal(err)
	}
	count := NewAccount()
	if err := look(t, store).Count(t.Context(), &Selection{Limit: 4}, count); err != nil || count.Done() != 4 {
		t.Errorf("%d would be purged, %v", count.Done(), err)
	}
	if r := a.Report(); r.Selected != 5 || r.Resolved != 3 || r.Topics["orders_7"] != 3 || len(r.Refused) != 2 || store.values("orders_7", 1) != nil {
		t.Errorf("report %+v", r)
	}
}

// A partition that is no more is chosen by the key; a topic that is no more is
// told for each letter, and nothing is sent.
func TestReplayWithoutItsPlace(t *testing.T) {
	store := filled()
	o := everywhere
	o.Partitions = map[string]int{"orders_7": 1}
	a := NewAccount()
	if err := look(t, store).Replay(t.Context(), &Selection{}, store, o, a); err != nil || a.Done() != 3 || len(store.values("orders_7", kafkaio.AnyPartition)) != 3 {
		t.Errorf("%v: %s", err, a.Summary("replayed"))
	}
	store, a, o.Partitions = filled(), NewAccount(), nil
	if err := look(t, store).Replay(t.Context(), &Selection{}, store, o, a); err != nil || a.Done() != 0 || a.Failed() != 3 || !strings.Contains(a.Summary("replayed"), kafkaio.ErrNoTopic.Error()) {
		t.Errorf("%v: %s", err, a.Summary("replayed"))
	}
}

// A message that isn't acknowledged has no mark.
func TestReplayRefusedByBrokers(t *testing.T) {
	store := filled()
	store.refuse = func(r kafkaio.Record) error {
		if string(r.Value) == "c" {
			return kafkaio.ErrTooLarge
		}
		return nil
	}
	a := NewAccount()
	if err := look(t, store).Replay(t.Context(), &Selection{}, store, everywhere, a); err != nil || a.Done() != 2 || a.Failed() != 1 {
		t.Errorf("%v: %s", err, a.Summary("replayed"))
	}
	if got := fmt.Sprint(open(t, look(t, store), &Selection{})); got != "[0@4=stranger 0@5=c 1@2=e]" {
		t.Errorf("left are %s", got)
	}
}

// Where marks can't be written, no more is sent.
func TestReplayWithoutMarks(t *testing.T) {
	store := newTopics()
	for n := range 1000 {
		store.put(0, letter(fmt.Sprint(n), ""))
	}
	store.refuse = func(r kafkaio.Record) error {
		if r.Topic == "orders_dlq" {
			return kafkaio.ErrDenied
		}
		return nil
	}
	a := NewAccount()
	err := look(t, store).Replay(t.Context(), &Selection{}, store, everywhere, a)
	sent := len(store.values("orders_7", 1))
	if !errors.Is(err, kafkaio.ErrDenied) || sent == 0 || sent > 2*InFlight || a.Failed() != sent {
		t.Errorf("%d sent, %d failed, %v", sent, a.Failed(), err)
	}
}

// An interrupted replay marks what the brokers have, and says what is done.
func TestReplayInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newTopics()
		for n := range 1000 {
			store.put(0, letter(fmt.Sprint(n), ""))
		}
		store.delay = 50 * time.Millisecond // some are under way at the end
		s := look(t, store)
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second+time.Millisecond, stop)
		o := everywhere
		o.Rate = 100
		a := NewAccount()
		if err := s.Replay(ctx, &Selection{}, store, o, a); !errors.Is(err, context.Canceled) || a.Done() != 201 {
			t.Errorf("%d are done after 2 s: %v", a.Done(), err)
		}
		o.Rate = 0
		if err := look(t, store).Replay(t.Context(), &Selection{}, store, o, NewAccount()); err != nil {
			t.Fatal(err)
		}
		sent := store.values("orders_7", 1)
		for n := range 1000 {
			if len(sent) != 1000 || sent[n] != fmt.Sprint(n) {
				t.Fatalf("%d messages are sent back, among them %.60v", len(sent), sent)
			}
		}
	})
}

// Wherever a replay is cut off, the next one sends what is left, and again at most
// what was under way.
func TestReplayCutOffAnywhere(t *testing.T) {
	const n = 250
	for cut := 0; cut <= 2*n; cut += 7 {
		synctest.Test(t, func(t *testing.T) {
			store := newTopics()
			for i := range n {
				store.put(0, letter(fmt.Sprint(i), ""))
			}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			written := 0
			store.gone = func(kafkaio.Record) bool {
				if written++; written > cut {
					stop()
				}
				return written > cut
			}
			_ = look(t, store).Replay(ctx, &Selection{}, store, everywhere, NewAccount()) // cut off
			store.gone = nil
			if err := look(t, store).Replay(t.Context(), &Selection{}, store, everywhere, NewAccount()); err != nil {
				t.Fatal(err)
			}
			counts := map[string]int{}
			for _, v := range store.values("orders_7", 1) {
				counts[v]++
			}
			if sent := len(store.values("orders_7", 1)); len(counts) != n || sent > n+InFlight {
				t.Errorf("cut off after %d records: %d of %d messages are there, %d in all", cut, len(counts), n, sent)
			}
		})
	}
}

// What is on its way is bounded, and an answer that never comes ends the wait.
func TestReplayWithoutAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newTopics()
		for n := range 1000 {
			store.put(0, letter(fmt.Sprint(n), ""))
		}
		store.silent = func(kafkaio.Record) bool { return true }
		s := look(t, store)
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		a := NewAccount()
		err := s.Replay(ctx, &Selection{}, store, everywhere, a)
		if sent := len(store.values("orders_7", 1)); !errors.Is(err, context.DeadlineExceeded) || sent != InFlight || a.Failed() != InFlight {
			t.Errorf("%d sent, %d failed, %v", sent, a.Failed(), err)
		}
	})
}

func TestPurge(t *testing.T) {
	store := filled()
	s := look(t, store)
	a := NewAccount()
	if err := s.Purge(t.Context(), &Selection{Filter: deadletter.Filter{Reason: "timeout"}}, store, a); err != nil || a.Done() != 2 {
		t.Fatalf("%d purged, %v", a.Done(), err)
	}
	if got := fmt.Sprint(open(t, look(t, store), &Selection{})); got != "[0@4=stranger 0@5=c 1@3=f]" {
		t.Errorf("left are %s", got)
	}
	store.put(1, letter("new", ""))
	if n, err := s.Trim(t.Context()); err != nil || n != 4+3 || store.first[at(0, 0).TopicPartition] != 4 || store.first[at(1, 0).TopicPartition] != 3 {
		t.Errorf("%d deleted, %v, %v", n, store.first, err)
	}
	a = NewAccount()
	s = look(t, store)
	if err := s.Purge(t.Context(), &Selection{}, store, a); err != nil || a.Done() != 4 {
		t.Fatalf("%d purged, %v", a.Done(), err)
	}
	store.denied = kafkaio.ErrDenied
	if _, err := s.Trim(t.Context()); !errors.Is(err, kafkaio.ErrDenied) {
		t.Errorf("got %v", err)
	}
	store.denied = nil
	for tp, records := range store.parts {
		if _, err := s.Trim(t.Context()); err != nil || store.first[tp] != int64(len(records)) {
			t.Errorf("%s begins at %d of %d, %v", tp, store.first[tp], len(records), err)
		}
	}
}

// The last open letter of a partition stays, and all that is behind it.
func TestTrimStopsAtTheFirstOpenLetter(t *testing.T) {
	store := newTopics()
	for n := range 5 {
		store.put(0, letter(fmt.Sprint(n), ""))
	}
	for _, n := range []int64{0, 1, 3, 4} {
		store.put(0, mark(n))
	}
	for range 2 {
		if _, err := look(t, store).Trim(t.Context()); err != nil || store.first[at(0, 0).TopicPartition] != 2 {
			t.Errorf("the first record is %d, %v", store.first[at(0, 0).TopicPartition], err)
		}
	}
	if got := fmt.Sprint(open(t, look(t, store), &Selection{})); got != "[0@2=2]" {
		t.Errorf("left are %s", got)
	}
}

func TestBrokenReading(t *testing.T) {
	store := filled()
	s := look(t, store)
	store.unread = errors.New("broken")
	if err := s.Replay(t.Context(), &Selection{}, store, everywhere, NewAccount()); !errors.Is(err, store.unread) {
		t.Errorf("got %v", err)
	}
	if _, err := Look(t.Context(), store, map[string]int{"orders_dlq": 2}); !errors.Is(err, store.unread) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Trim(t.Context()); err == nil {
		store.put(0, &boostd.Message{})
		if _, err := s.Trim(t.Context()); !errors.Is(err, store.unread) {
			t.Errorf("got %v", err)
		}
	}
}

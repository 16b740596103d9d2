package offsets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kafkaboost/boostd"
)

// cell is all that the oracle knows of one offset: Kafka's side of it, and what
// was said of it since it was last written.
type cell struct {
	there       bool // no gap
	leaderEpoch int32
	done, held  bool
	attempts    int
	delivered   uint32 // the epoch in which it was, 0 never
	told        told   // by the last commit that landed
}

// told is what the metadata of the last commit says of an offset.
type told struct {
	done, held bool
	attempts   int
}

// world is one partition with its log, its group's offset, and the tracker that
// serves it through restarts.
type world struct {
	t       testing.TB
	next    func(n int) int
	tracker *Tracker
	tp      boostd.TopicPartition
	topic   TopicID
	log     []cell
	leader  int32
	epoch   uint32 // of the assignment, 0 none
	at      int64  // the next to deliver, Unknown before the first
	first   int64  // all below are done, or not of this assignment
	closed  bool
	pending int

	stored    int64 // what the tracker knows to be committed
	anonymous bool  // nobody has told the tracker which topic it is

	committed int64 // what the brokers have, Unknown none
	metadata  string
	valid     bool    // the cells' told are what metadata says
	whose     TopicID // the topic that metadata names, zero for none that can be read
	mapEpoch  int32   // the newest leader epoch of what metadata tells of
	known     bool    // this assignment was restored with it, and it still counts
	newest    int32   // leader epoch of what was delivered or restored
}

func (w *world) step() {
	switch n := w.next(100); {
	case n < 2 || w.epoch == 0 && n >= 80:
		w.restart()
	case n == 2:
		w.tracker.Raise(w.tp)
		w.epoch = 0
	case n == 3:
		w.tracker.Close(w.tp)
		w.closed = true
	case n < 6:
		w.disturb()
	case n < 15:
		w.commit()
	case n < 55:
		w.deliver()
	default:
		w.settle()
	}
	w.compare()
}

// restart begins a new assignment, now and then in a new process.
func (w *world) restart() {
	if w.next(2) == 0 {
		w.tracker = w.tracker.Successor()
	}
	before := w.epoch
	w.epoch = w.tracker.Assign(w.tp, Unknown)
	if w.epoch <= before {
		w.t.Fatalf("epoch %d follows %d", w.epoch, before)
	}
	w.at, w.first, w.closed, w.pending = Unknown, max(w.committed, 0), false, 0
	w.stored, w.anonymous = w.committed, false
	err := w.tracker.Restore(w.tp, w.epoch, w.topic, w.committed, w.metadata)
	if other := w.whose != (TopicID{}) && w.whose != w.topic; other || errors.Is(err, ErrOtherTopic) {
		if !other || !errors.Is(err, ErrOtherTopic) {
			w.t.Fatalf("restored from that of topic %v for %v: %v", w.whose, w.topic, err)
		}
		w.first, w.stored = 0, Unknown
	}
	w.known = w.valid && w.metadata != ""
	if w.known != (err == nil && w.metadata != "") {
		w.t.Fatalf("restored from %q at %d: %v; valid %v", w.metadata, w.committed, err, w.valid)
	}
	w.newest = -1
	if w.known {
		w.newest = w.mapEpoch
	}
}

// disturb is what others do to the topic and the group.
func (w *world) disturb() {
	switch w.next(5) {
	case 0: // a rewind by other tools
		if w.epoch == 0 && w.committed > 0 {
			w.committed, w.valid = int64(w.next(int(w.committed))), false
			if w.next(2) == 0 { // one that doesn't keep the metadata
				w.metadata, w.whose = "", TopicID{}
			}
		}
	case 1: // somebody else's metadata
		if w.epoch == 0 {
			w.metadata, w.valid, w.whose = "of another program", false, TopicID{}
		}
	case 2: // an unclean election: the end of the log is written anew
		w.leader++
		if n := len(w.log); n > 0 && w.epoch == 0 {
			for i := n - 1 - w.next(min(n, 40)); i < n; i++ {
				w.log[i] = cell{there: true, leaderEpoch: w.leader}
			}
		}
	case 3: // deleted and made anew, while nobody reads
		if w.epoch == 0 && w.next(4) == 0 {
			w.topic[0]++
			w.log, w.valid = nil, false
		}
	case 4:
		if w.epoch == 0 && w.metadata != "" { // damaged
			w.metadata, w.valid, w.whose = w.metadata[:len(w.metadata)-1], false, TopicID{}
		}
	}
}

// deliver gives the tracker the next message, as the client would.
func (w *world) deliver() {
	at := w.at
	if at == Unknown {
		at = max(w.stored, 0)
		if at > int64(len(w.log)) { // out of range: the client begins anew
			at = 0
		}
	}
	for int64(len(w.log)) <= at+5 {
		w.log = append(w.log, cell{there: w.next(8) > 0, leaderEpoch: w.leader})
	}
	for !w.log[at].there {
		at++
		w.log[len(w.log)-1].there = true
	}
	c := &w.log[at]
	d := w.tracker.Deliver(w.tp, at, c.leaderEpoch)
	if refused := w.epoch == 0 || w.closed; refused || d.Verdict == Refused {
		if !refused || d.Verdict != Refused {
			w.t.Fatalf("delivered %d: %+v; epoch %d, closed %v", at, d, w.epoch, w.closed)
		}
		return
	}
	if w.at == Unknown && at < w.stored { // the client has reset the position
		if d.Epoch <= w.epoch {
			w.t.Fatalf("delivered %d below %d in the same epoch", at, w.committed)
		}
		w.epoch, w.known, w.anonymous, w.newest = d.Epoch, false, true, -1
	}
	if c.leaderEpoch > w.mapEpoch {
		w.known = false
	}
	w.judge(at, c, d)
	if w.at == Unknown && (w.stored == Unknown || at < w.stored) {
		w.first, w.stored = at, at
	}
	w.at, w.newest = at+1, max(w.newest, c.leaderEpoch)
}

// judge compares what the tracker says of a message with what was told of it.
func (w *world) judge(at int64, c *cell, d Delivery) {
	want := Delivery{Epoch: w.epoch, Verdict: Fresh}
	switch {
	case w.known && c.told.done:
		want.Verdict = Finished
	case w.known:
		want.Held, want.Attempts = c.told.held, c.told.attempts
	}
	if d != want {
		w.t.Fatalf("delivered %d: %+v, want %+v", at, d, want)
	}
	c.delivered, c.done, c.held, c.attempts = w.epoch, d.Verdict == Finished, d.Held, d.Attempts
	if !c.done {
		w.pending++
	}
}

// settle ends, fails, holds, releases or skips a message, one of an old epoch or
// one that isn't there now and then.
func (w *world) settle() {
	at, epoch := w.at-int64(w.next(30)), w.epoch
	if at < 0 {
		return
	}
	if w.next(10) == 0 {
		epoch--
	}
	pending := w.epoch != 0 && at < w.at && w.log[at].delivered == w.epoch && !w.log[at].done
	c := &cell{}
	if pending {
		c = &w.log[at]
	}
	var got, want bool
	switch w.next(8) {
	default:
		got, want = w.tracker.Done(w.tp, epoch, at), pending && epoch == w.epoch
		w.finish(c, want)
	case 0:
		got, want = w.tracker.Failed(w.tp, epoch, at, c.attempts+1), pending && epoch == w.epoch
		if want {
			c.attempts, c.held = min(c.attempts+1, 255), false
		}
	case 1:
		got, want = w.tracker.Held(w.tp, epoch, at, c.attempts), pending && epoch == w.epoch
		c.held = c.held || want
	case 2:
		e, ok := w.tracker.Release(w.tp, at)
		got, want = ok && e == w.epoch, c.held
		if want {
			c.held, c.attempts = false, 0
		}
	case 3:
		got, want = w.tracker.Skip(w.tp, at), c.held
		w.finish(c, want)
	}
	if got != want {
		w.t.Fatalf("settled %d: %v, want %v; %+v", at, got, want, *c)
	}
}

func (w *world) finish(c *cell, yes bool) {
	if yes {
		c.done = true
		w.pending--
	}
}

// commit asks for commits, of which some are lost on the way, and some of the
// answers.
func (w *world) commit() {
	for _, c := range w.tracker.Commits(nil) {
		if c.Epoch != w.epoch || c.Offset != w.committable() || c.Offset < w.stored {
			w.t.Fatalf("commit %+v; epoch %d, committable %d, committed %d", c, w.epoch, w.committable(), w.stored)
		}
		if c.Metadata != "" && w.anonymous {
			w.t.Fatalf("a map for a topic that isn't known")
		}
		if w.next(5) == 0 {
			return
		}
		w.land(c)
		if w.next(5) > 0 {
			w.tracker.Committed(c)
			w.stored = c.Offset
		}
	}
}

// land is what the brokers keep of a commit.
func (w *world) land(c Commit) {
	w.committed, w.metadata, w.valid = c.Offset, c.Metadata, c.Metadata != ""
	w.mapEpoch = w.newest
	if w.whose = w.topic; c.Metadata == "" {
		w.whose = TopicID{}
	}
	for n := range w.log {
		k := &w.log[n]
		switch {
		case k.delivered == w.epoch && int64(n) < w.at:
			k.told = told{k.done, k.held && !k.done, 0}
			if !k.done {
				k.told.attempts = k.attempts
			}
		case !w.known:
			k.told = told{}
		}
	}
}

// committable is the first offset that is pending, else the next to deliver.
func (w *world) committable() int64 {
	for ; w.at != Unknown && w.first < w.at; w.first++ {
		if c := w.log[w.first]; c.there && c.delivered == w.epoch && !c.done {
			return w.first
		}
	}
	return w.at
}

// compare asks the tracker all that can be asked.
func (w *world) compare() {
	got, known := w.tracker.Committable(w.tp)
	if known != (w.epoch != 0 && w.at != Unknown) || known && got != w.committable() {
		w.t.Fatalf("committable %d, %v; want %d, epoch %d", got, known, w.committable(), w.epoch)
	}
	if w.epoch == 0 {
		return
	}
	if n := w.tracker.Pending(w.tp); n != w.pending || w.tracker.Full(w.tp) != (n >= 40) {
		w.t.Fatalf("pending %d, full %v; want %d", n, w.tracker.Full(w.tp), w.pending)
	}
	if at, ok := w.tracker.Position(w.tp); ok && at != w.at {
		w.t.Fatalf("position %d, want %d", at, w.at)
	}
}

func newWorld(t testing.TB, next func(n int) int) *world {
	return &world{t: t, next: next, tracker: New(Limits{Pending: 40}), tp: tp0, topic: TopicID{1}, committed: Unknown}
}

// TestTrackerAgainstOracle is ten million random steps of thousands of lives.
func TestTrackerAgainstOracle(t *testing.T) {
	const parts, lives, steps = 4, 1250, 2000
	for part := range parts {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			for life := range lives {
				seed := uint64(part*lives + life)
				w := newWorld(t, rand.New(rand.NewPCG(seed, 7)).IntN)
				for n := range steps {
					w.step()
					if t.Failed() {
						t.Fatalf("seed %d, step %d", seed, n)
					}
				}
			}
		})
	}
}

func FuzzTracker(f *testing.F) {
	f.Add([]byte("a few steps of anything"))
	f.Fuzz(func(t *testing.T, data []byte) {
		next := func(n int) int {
			if len(data) < 2 {
				return 0
			}
			v := int(binary.LittleEndian.Uint16(data)) % n
			data = data[2:]
			return v
		}
		w := newWorld(t, next)
		for range min(len(data)/4, 500) {
			w.step()
		}
	})
}

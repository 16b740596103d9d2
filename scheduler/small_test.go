package scheduler

import (
	"flag"
	"fmt"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// The small world: two pools, two consumers that pass partitions to each other and
// one of a level, some 20 messages at a time. Its lives are random histories, each
// of its own number; smallevents_test.go has what can happen, and all of it is told
// to the core and to the naive scheduler.

var (
	oracleSteps = flag.Float64("oracle.steps", 200_000, "steps of the small worlds, in all")
	oracleSeed  = flag.Uint64("oracle.seed", 1, "the seed of the small worlds")
	oracleLife  = flag.Uint64("oracle.life", 0, "the first life: with -oracle.steps=1 only this one")
)

const (
	smallLevels = 11
	smallPools  = 2
	smallSlots  = 6 // the most
	smallWindow = 8
	smallFull   = 20 // messages
	lifeSteps   = 4000
	progress    = 100_000_000 // steps between two lines of a long run
)

// TestCoreAgainstNaive: the same choice, always, and the invariants at each step,
// which is a call of the core.
func TestCoreAgainstNaive(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // little is alive, and much is made
	calls, seen := 0, smallSeen{}
	for life := *oracleLife; float64(calls) < *oracleSteps; life++ {
		w := newSmall(t, *oracleSeed, life, seen)
		for range lifeSteps {
			w.step()
		}
		w.end()
		if (calls+w.calls)/progress > calls/progress {
			t.Logf("life %d: %d steps", life, calls+w.calls)
		}
		calls += w.calls
		seen = w.seen
	}
	t.Logf("seed %d: %d steps, %+v", *oracleSeed, calls, seen)
	for n, few := range []int{seen.batches, seen.recalls * 10, seen.preempts * 100, seen.overdue * 20, seen.owed * 300,
		seen.retries * 20, seen.letters * 50, seen.drained * 200, seen.reconfigured * 200, seen.removed * 200, seen.stranded * 1000, seen.resized * 1000,
		seen.whole * 12, seen.filling * 20, seen.void * 500} {
		if few < calls/4 && *oracleSteps > 1e5 {
			t.Errorf("%+v in %d steps: number %d is too low to prove anything", seen, calls, n+1)
		}
	}
}

// smallSeen counts what has happened in all lives: batches and the messages in them,
// batches that were overdue or owed, and so on.
type smallSeen struct {
	batches, messages, recalls, preempts, overdue, owed, retries, letters, drained,
	// stranded is what was in flight of consumers that were removed.
	// resized are changes of slots while one is busy that ends.
	reconfigured, removed, stranded, resized int
	// whole are batches of several that a handler may take at once, void are messages
	// in them behind one that comes again; filling are steps after which a pool leaves a
	// slot empty for batches to fill.
	whole, void, filling int
}

type small struct {
	t          testing.TB
	seed, life uint64
	dice       dice
	steps      int
	calls      int // of the core
	seen       smallSeen

	core      *Core
	naive     naive
	now       int64
	consumers []smallConsumer
	owner     [len(smallTopics)][2]*naiveLife
	next      [len(smallTopics)][2]int64
	orders    [len(smallTopics)]Order
	lives     int
	gone      []ConsumerID // some that were removed
	batches   [smallPools][smallSlots][]*Item
	open      [smallPools][smallSlots]bool // that there are
	letters   []Burial
	tenants   [len(smallTopics)]int
	group     bool
	spread    int  // of how many levels messages are
	lazy      int  // percent of the results that don't come yet
	running   bool // Start was called
	restless  bool // consumers come and go, and levels, all the time
	retries   int
	results   []naiveResult
	recalls   []naiveRecall // not answered yet
	answering bool
	byID      [64]*naiveMessage // nil: settled
	room      [64]naiveMessage
}

type smallConsumer struct {
	id    ConsumerID
	pool  int
	topic int
}

var smallTopics = [3]string{"base", "level", "other"}

// dice is a fast source of chance (SplitMix64); a life is drawn from its seed and
// number alone.
type dice uint64

func (d *dice) draw(n int) int {
	*d += 0x9e3779b97f4a7c15
	x := uint64(*d)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return int((x ^ x>>31) >> 33 % uint64(n))
}

// smallKeys are the locks that there can be: of each partition the whole, and three
// keys.
const smallKeys = len(smallTopics) * 2 * 4

// smallLocks are their identities, ascending: the naive scheduler's keys are places
// in it.
var smallLocks = func() (all []uint64) {
	for topic := range smallTopics {
		for part := range int32(2) {
			for key := range 4 {
				all = append(all, smallLock(topic, part, key))
			}
		}
	}
	slices.Sort(all)
	return all
}()

// smallKeyOf is the number of each.
var smallKeyOf = func() (numbers [len(smallTopics)][2][4]int) {
	for topic := range smallTopics {
		for part := range int32(2) {
			for key := range 4 {
				numbers[topic][part][key] = slices.Index(smallLocks, smallLock(topic, part, key))
			}
		}
	}
	return numbers
}()

// smallLock is the identity of a key's lock; 0 stands for the whole partition.
func smallLock(topic int, part int32, key int) uint64 {
	order := ByKey
	if key == 0 {
		order = ByPartition
	}
	place := placeHash(boostd.TopicPartition{Topic: smallTopics[topic], Partition: part})
	id, _ := lockID(place, &boostd.Message{Key: smallKeyNames[key]}, order)
	return id
}

var smallKeyNames = [4][]byte{nil, []byte("a"), []byte("b"), {}}

func newSmall(t testing.TB, seed, life uint64, seen smallSeen) *small {
	w := &small{t: t, seed: seed, life: life, seen: seen, dice: dice(mix(seed<<32 ^ life)), now: int64(time.Hour)}
	wait := time.Duration(0)
	if w.draw(4) == 0 {
		wait = 20 * time.Millisecond
	}
	w.group = w.draw(8) == 0
	w.core = New(Config{Gate: w.draw(4) > 0, StartWait: wait, Group: w.group})
	w.naive = naive{wait: int64(wait), levels: 3 + w.draw(smallLevels-2), halted: make([]bool, smallLevels), until: make([]int64, smallLevels)}
	w.spread, w.lazy, w.restless = 2+w.draw(w.naive.levels-1), w.draw(80), w.draw(4) == 0
	for range 1 + w.draw(smallPools) {
		w.addPool(w.naive.levels)
	}
	for topic := range w.orders {
		w.orders[topic], w.tenants[topic] = Order(w.draw(3)), max(0, w.draw(6)-3)
	}
	w.addConsumer(0, 0, None)
	w.addConsumer(0, 0, None)
	w.addConsumer(0, 1, boostd.Level(w.draw(w.naive.levels)))
	if len(w.naive.pools) > 1 {
		w.addConsumer(1, 2, None)
	}
	w.both(w.core.Start(w.time()), func() {})
	w.running = true
	return w
}

func (w *small) draw(n int) int { return w.dice.draw(n) }

func (w *small) time() time.Time { return time.Unix(0, w.now) }

func (w *small) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("step %d: %s\nagain: go test ./scheduler -run TestCoreAgainstNaive -oracle.seed=%d -oracle.life=%d -oracle.steps=1",
		w.steps, fmt.Sprintf(format, args...), w.seed, w.life)
}

func (w *small) addPool(levels int) {
	slots := 1 + w.draw(4)
	config := PoolConfig{Name: "p", Slots: slots, Levels: levels, Retry: Retry{Attempts: 1 + w.draw(3)},
		DeadLetters: w.draw(2) == 0, Preemptible: w.draw(2) == 0, Slice: DefaultSlice, Policy: w.drawPolicy(slots, levels), Batch: w.drawBatch()}
	if _, err := w.core.AddPool(config); err != nil {
		w.fail("%v", err)
	}
	p := &naivePool{config: config, lines: make([]naiveLine, smallLevels),
		mean: make([]estimate, smallLevels), batches: make([]naiveBatch, slots), group: make([]naiveGroup, smallLevels)}
	for slot := slots - 1; slot >= 0; slot-- {
		p.free = append(p.free, slot)
	}
	w.naive.pools = append(w.naive.pools, p)
	pool := len(w.naive.pools) - 1
	for at := range p.mean {
		p.mean[at].warm = max(2*slots, 16)
	}
	for at := range levels {
		e := &w.core.pools[pool].levels[at].estimate
		if w.draw(2) == 0 { // batches from the beginning
			e.mean, e.count = float64(1+w.draw(4000))*1000, e.warm
		}
		p.mean[at] = *e
	}
	for slot := range slots {
		w.open[pool][slot] = true
	}
	w.naive.setPolicy(pool, config.Policy)
}

func (w *small) addConsumer(pool, topic int, level boostd.Level) {
	config := ConsumerConfig{Name: smallTopics[topic], Pool: PoolID(pool), Level: max(level, 0), Mixed: level == None,
		Window: Window{Messages: smallWindow, Bytes: 1 << 20}, Orders: map[string]Order{smallTopics[topic]: w.orders[topic]}}
	id, err := w.core.AddConsumer(config)
	if err != nil {
		w.fail("%v", err)
	}
	if int(id) != len(w.naive.members) {
		w.fail("consumer %d has the ID %d", len(w.naive.members), id)
	}
	w.consumers = append(w.consumers, smallConsumer{id, pool, topic})
	w.naive.members = append(w.naive.members, naiveMember{pool: pool, level: level, order: w.orders[topic], missing: !w.running})
}

func (w *small) drawPolicy(slots, levels int) (p Policy) {
	if w.draw(4) == 0 {
		return p
	}
	if p.Exclusive = w.draw(4) == 0; !p.Exclusive && !w.group {
		if w.draw(5) < 2 {
			p.MaxWait = time.Duration(1+w.draw(80)) * time.Millisecond
		}
		for level := range levels {
			if w.draw(2) == 0 && len(p.MinShare) < 3 {
				p.MinShare = append(p.MinShare, Share{boostd.Level(level), 1 + w.draw(maxShares/3)})
			}
		}
	}
	if slots > 1 && levels > 1 && w.draw(2) == 0 {
		from, own := 1+w.draw(levels-1), 1+w.draw(slots-1)
		p.Reserve = append(p.Reserve, Reserve{boostd.Level(from), own})
		if from+1 < levels && w.draw(2) == 0 {
			p.Reserve = append(p.Reserve, Reserve{boostd.Level(from + 1 + w.draw(levels-from-1)), 1 + w.draw(own)})
		}
	}
	return p
}

func (w *small) drawBatch() (b Batch) {
	if w.draw(3) == 0 {
		b.Max = w.draw(7)
		if b.Max > 1 && w.draw(3) > 0 {
			b.Wait = time.Duration(1+w.draw(4000)) * time.Microsecond
		}
	}
	return b
}

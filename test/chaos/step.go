package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Kind is what is broken.
type Kind string

// All that can break. The first part is what stands at risk together: of each
// lane one thing is broken at a time.
const (
	DaemonKill Kind = "daemon kill -9"
	DaemonTerm Kind = "daemon SIGTERM"
	DaemonStop Kind = "daemon SIGSTOP"
	DaemonJoin Kind = "daemon joins and leaves"

	BrokerKill  Kind = "broker kill -9"
	BrokerStop  Kind = "broker SIGSTOP"
	BrokerTerm  Kind = "broker SIGTERM"
	NetDelay    Kind = "network delays"
	NetCut      Kind = "network is cut"
	CommitsLost Kind = "commits are lost"
	AnswersLost Kind = "answers to commits are lost"

	Partitions Kind = "partitions added"
	Recreated  Kind = "topic deleted and made anew"
	DiskFull   Kind = "disk full"
	BadHandler Kind = "handler fails, hangs up and hangs"
	SlowWork   Kind = "handler is slow"
	Backlog    Kind = "backlog of ten seconds at once"
)

// lanes are the kinds that exclude each other, with how long they may last.
var lanes = [][]lasting{
	{{DaemonKill, 0, 3 * time.Second}, {DaemonTerm, 0, 2 * time.Second}, {DaemonStop, 7 * time.Second, 10 * time.Second}, {DaemonJoin, 2 * time.Second, 6 * time.Second}},
	{
		{BrokerKill, time.Second, 5 * time.Second}, {BrokerStop, 2 * time.Second, 10 * time.Second}, {BrokerTerm, 0, 2 * time.Second},
		{NetDelay, 2 * time.Second, 8 * time.Second}, {NetCut, 0, 3 * time.Second},
		{CommitsLost, 3 * time.Second, 10 * time.Second}, {AnswersLost, 3 * time.Second, 10 * time.Second},
	},
	{
		{Partitions, 0, 0}, {Recreated, 0, time.Second}, {DiskFull, 2 * time.Second, 6 * time.Second},
		{BadHandler, 2 * time.Second, 6 * time.Second}, {SlowWork, 2 * time.Second, 6 * time.Second}, {Backlog, 0, 0},
	},
}

type lasting struct {
	kind        Kind
	least, most time.Duration
}

// mild are the faults of a soak: one at a time, each soon over.
var mild = []lasting{
	{DaemonKill, 0, time.Second}, {DaemonTerm, 0, time.Second}, {BrokerTerm, 0, time.Second}, {BrokerKill, 0, time.Second},
	{NetDelay, time.Second, 3 * time.Second}, {NetCut, 0, time.Second}, {CommitsLost, time.Second, 3 * time.Second},
	{DiskFull, time.Second, 3 * time.Second}, {BadHandler, time.Second, 3 * time.Second}, {Backlog, 0, 0},
}

// Step is one fault to come.
type Step struct {
	Kind Kind
	// Target is which of three daemons or brokers, from 0; what doesn't need one has
	// one all the same.
	Target int
	// After is when it begins, since the round's start; it is healed after Lasts.
	After, Lasts time.Duration
}

// Round are faults at the same time, and the calm behind them.
type Round struct {
	Steps []Step
	Calm  time.Duration
}

func (r Round) String() string {
	var b strings.Builder
	for n, s := range r.Steps {
		if n > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s (%d) at %v for %v", s.Kind, s.Target, s.After.Round(time.Millisecond), s.Lasts.Round(time.Millisecond))
	}
	return b.String()
}

// Planner deals rounds: each lane has a deck of its kinds, shuffled anew when it
// is dealt out, so that in the long run all come, in an order that the seed knows.
type Planner struct {
	rand  *rand.Rand
	lanes [][]lasting
	decks [][]lasting
}

// NewPlanner deals the same rounds for the same seed and kinds: those whose names
// contain one of only, or all without any.
func NewPlanner(seed uint64, only ...string) *Planner {
	if len(only) == 0 {
		return newPlanner(seed, lanes...)
	}
	var some [][]lasting
	for _, lane := range lanes {
		left := slices.DeleteFunc(slices.Clone(lane), func(l lasting) bool {
			return !slices.ContainsFunc(only, func(part string) bool { return strings.Contains(string(l.kind), part) })
		})
		if len(left) > 0 {
			some = append(some, left)
		}
	}
	return newPlanner(seed, some...)
}

func newPlanner(seed uint64, lanes ...[]lasting) *Planner {
	return &Planner{rand: rand.New(rand.NewPCG(seed, 2)), lanes: lanes, decks: make([][]lasting, len(lanes))}
}

// Next is the next round: one, two or three lanes.
func (p *Planner) Next() Round {
	var r Round
	chosen := p.rand.Perm(len(p.lanes))[:1+p.rand.IntN(len(p.lanes))]
	for _, lane := range chosen {
		l := p.deal(lane)
		r.Steps = append(r.Steps, Step{
			Kind: l.kind, Target: p.rand.IntN(3), After: p.between(0, 3*time.Second), Lasts: p.between(l.least, l.most),
		})
	}
	r.Calm = p.between(4*time.Second, 7*time.Second)
	return r
}

func (p *Planner) deal(lane int) lasting {
	if len(p.decks[lane]) == 0 {
		deck := append([]lasting(nil), p.lanes[lane]...)
		p.rand.Shuffle(len(deck), func(a, b int) { deck[a], deck[b] = deck[b], deck[a] })
		p.decks[lane] = deck
	}
	l := p.decks[lane][0]
	p.decks[lane] = p.decks[lane][1:]
	return l
}

func (p *Planner) between(least, most time.Duration) time.Duration {
	return least + time.Duration(p.rand.Float64()*float64(most-least))
}

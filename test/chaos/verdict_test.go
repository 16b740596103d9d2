package chaos

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
	"time"
)

const s = time.Second

// ack is message id at offset id of the only partition of level's topic.
func ack(id int64, at time.Duration, level int, key string) Ack {
	return Ack{ID: id, At: at, Topic: map[int]string{0: "orders", 10: "orders_10"}[level], Offset: id, Level: level, Key: key}
}

// try is an attempt by a daemon that takes 10 ms.
func try(a Ack, daemon string, start time.Duration, result Outcome) Attempt {
	return Attempt{ID: a.ID, Daemon: daemon, Number: 1, Topic: a.Topic, Offset: a.Offset, Level: a.Level,
		Start: start, End: start + 10*time.Millisecond, Result: result}
}

// lasts is an attempt that takes longer.
func lasts(a Attempt, d time.Duration) Attempt {
	a.End = a.Start + d
	return a
}

var (
	low  = ack(0, 1*s, 0, "a")
	high = ack(1, 30*s, 10, "b")
)

// good is a history without a fault: a low message, and a high one later.
func good() History {
	return History{
		Run:      Run{Top: 10},
		Acks:     []Ack{low, high},
		Attempts: []Attempt{try(low, "1.1", 1*s, Done), try(high, "1.1", 30*s, Done)},
		Samples:  []Sample{{At: 3 * s, Topic: "orders", Offset: 1}},
		Lives:    []Life{{Daemon: "1.1", End: 60 * s, Asked: true}},
		Ends:     []End{{Topic: "orders", Committed: 1, Offset: 1}},
	}
}

// What breaks which rule, and what breaks none.
func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(h *History)
		want   []Rule
	}{
		{"good", func(*History) {}, nil},
		{"never tried", func(h *History) { h.Attempts = h.Attempts[:1] }, []Rule{Lost}},
		{"only failed", func(h *History) { h.Attempts[1].Result = Failed }, []Rule{Lost}},
		{"the daemon hung up", func(h *History) { h.Attempts[1].Result = Abandoned }, []Rule{Lost}},
		{"refused, and nobody kept it", func(h *History) { h.Attempts[1].Result = Dead }, []Rule{Lost}},
		{"refused, and a dead letter", func(h *History) {
			h.Attempts[1].Result, h.Letters = Dead, []Letter{{ID: 1, At: 31 * s}}
		}, nil},
		{"failed, then done", func(h *History) {
			h.Attempts[1].Result = Failed
			h.Attempts = append(h.Attempts, try(high, "1.1", 31*s, Done))
		}, nil},
		{"lost with its topic", func(h *History) {
			h.Acks[1].Apart, h.Attempts = true, h.Attempts[:1]
			h.Faults = []Fault{{Kind: Recreated, Start: 31 * s, End: 32 * s}}
		}, nil},
		{"lost of the new topic", func(h *History) {
			h.Acks[1].Apart, h.Attempts = true, h.Attempts[:1]
			h.Faults = []Fault{{Kind: Recreated, Start: 20 * s, End: 21 * s}}
		}, []Rule{LostApart}},

		{"committed before the end", func(h *History) { h.Samples[0].At = 1 * s }, []Rule{Beyond}},
		{"committed and never done", func(h *History) { h.Attempts[0].Result = Failed }, []Rule{Lost, Beyond}},
		{"committed before the dead letter", func(h *History) {
			h.Attempts[0].Result, h.Letters = Dead, []Letter{{ID: 0, At: 4 * s}}
		}, []Rule{Beyond}},
		{"unacknowledged, committed and never done", func(h *History) {
			h.Acks = h.Acks[1:]
			h.Attempts[0].Result = Failed
		}, []Rule{Beyond}},
		{"committed offset goes back", func(h *History) {
			h.Samples = append(h.Samples, Sample{At: 4 * s, Topic: "orders", Offset: 0})
		}, []Rule{Back}},
		{"not committed at the end", func(h *History) { h.Ends[0].Committed = 0 }, []Rule{Unsettled}},
		{"the topic apart begins anew", func(h *History) {
			h.Samples = append(h.Samples, Sample{At: 4 * s, Topic: "apart", Offset: 9}, Sample{At: 5 * s, Topic: "apart", Offset: 1})
		}, nil},

		{"a daemon dies", func(h *History) { h.Lives[0].Asked = false }, []Rule{Died}},

		{"a stop is unclean", func(h *History) { h.Lives[0].Stop, h.Lives[0].Code = 2*s, 70 }, []Rule{Unclean}},
		{"a stop is unclean in a fault", func(h *History) {
			h.Lives[0].Stop, h.Lives[0].Code = 2*s, 70
			h.Faults = []Fault{{Kind: CommitsLost, Start: 50 * s, End: 55 * s}}
		}, nil},
		{"killed", func(h *History) { h.Lives[0].Code = -1 }, nil},

		{"repeated for nothing", func(h *History) {
			h.Attempts = append(h.Attempts, try(high, "1.1", 31*s, Done))
		}, []Rule{Repeated}},
		{"repeated at once by another", func(h *History) {
			h.Attempts = append(h.Attempts, try(high, "2.1", 30*s+time.Millisecond, Failed))
		}, []Rule{Repeated}},
		{"repeated after its daemon's kill", func(h *History) {
			h.Faults = []Fault{{Kind: DaemonKill, Daemon: "1.1", Start: 31 * s, End: 32 * s}}
			h.Attempts = append(h.Attempts, try(high, "2.1", 37*s, Done))
		}, nil},
		{"repeated after a kill long after", func(h *History) {
			h.Faults = []Fault{{Kind: DaemonKill, Daemon: "1.1", Start: 33 * s, End: 34 * s}}
			h.Attempts = append(h.Attempts, try(high, "2.1", 37*s, Done))
		}, []Rule{Repeated}},
		{"repeated before the kill", func(h *History) {
			h.Faults = []Fault{{Kind: DaemonKill, Daemon: "1.1", Start: 31 * s, End: 32 * s}}
			h.Attempts = append(h.Attempts, try(high, "2.1", 30*s+500*time.Millisecond, Done))
		}, []Rule{Repeated}},
		{"repeated after another daemon's kill", func(h *History) {
			h.Faults = []Fault{{Kind: DaemonKill, Daemon: "2.1", Start: 31 * s, End: 32 * s}}
			h.Attempts = append(h.Attempts, try(high, "2.2", 37*s, Done))
		}, []Rule{Repeated}},
		{"repeated after a clean stop", func(h *History) {
			h.Faults = []Fault{{Kind: DaemonTerm, Daemon: "1.1", Start: 30 * s, End: 32 * s}}
			h.Attempts = append(h.Attempts, try(high, "2.1", 37*s, Done))
		}, []Rule{Repeated}},
		{"longer than the drain", func(h *History) {
			h.Faults = []Fault{{Kind: DaemonJoin, Daemon: "4.1", Start: 31 * s, End: 35 * s}}
			h.Attempts[1] = lasts(h.Attempts[1], 6*s)
			h.Attempts = append(h.Attempts, try(high, "4.1", 35*s, Done))
		}, nil},
		{"repeated while commits are lost", func(h *History) {
			h.Faults = []Fault{{Kind: CommitsLost, Start: 25 * s, End: 28 * s}}
			h.Attempts = append(h.Attempts, try(high, "2.1", 37*s, Done))
		}, nil},
		{"committed, then again", func(h *History) {
			h.Faults = []Fault{{Kind: BrokerKill, Start: 2 * s, End: 4 * s}}
			h.Attempts = append(h.Attempts, try(low, "2.1", 5*s, Done))
		}, []Rule{Again}},
		{"by the stopped one", func(h *History) {
			h.Faults = []Fault{{Kind: DaemonStop, Daemon: "2.1", Start: 2 * s, End: 9 * s}}
			h.Attempts = append(h.Attempts, try(low, "2.1", 9*s+time.Millisecond, Done))
		}, nil},

		{"overtaken", func(h *History) { *h = overtaken() }, []Rule{Inverted}},
		{"overtaken in another daemon", func(h *History) {
			*h = overtaken()
			h.Attempts[0].Daemon = "2.1"
		}, nil},
		{"overtaken in a partition of another's", func(h *History) {
			*h = overtaken()
			h.Attempts[2].Daemon = "2.1"
		}, nil},
		{"overtaken in a partition of nobody's", func(h *History) {
			*h = overtaken()
			h.Acks, h.Attempts = h.Acks[:2], h.Attempts[:2]
		}, nil},
		{"overtaken within patience", func(h *History) {
			*h = overtaken()
			h.Acks[1].At = 30*s - 40*time.Millisecond
		}, nil},
		{"overtaken within jitter", func(h *History) {
			*h = overtaken()
			h.Attempts[1].Start = 30*s + 4*time.Millisecond
		}, nil},
		{"overtaken at a fault", func(h *History) {
			*h = overtaken()
			h.Faults = []Fault{{Kind: BrokerKill, Start: 20 * s, End: 25 * s}}
		}, nil},
		{"overtaken in a stall", func(h *History) {
			*h = overtaken()
			h.Stalls = []Stall{{29*s + 950*time.Millisecond, 29*s + 960*time.Millisecond}}
		}, nil},
		{"overtaken behind its key", func(h *History) {
			*h = overtaken()
			before := high
			before.ID, before.Offset, before.At = 7, 0, 19*s
			h.Acks = append(h.Acks, before)
			h.Attempts = append(h.Attempts, lasts(try(before, "1.1", 19*s+time.Millisecond, Done), 11*s))
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := good()
			c.change(&h)
			var got []Rule
			for _, v := range Judge(&h).Violations {
				got = append(got, v.Rule)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("broken are %q, want %q", got, c.want)
			}
		})
	}
}

// overtaken is a history in which a low message starts 100 ms after the high one
// was acknowledged, which starts later.
func overtaken() History {
	h := good()
	h.Samples, h.Ends = nil, nil
	h.Acks[1].At = 29*s + 900*time.Millisecond
	h.Attempts[0] = try(low, "1.1", 30*s, Done)
	h.Attempts[1].Start, h.Attempts[1].End = 30*s+20*time.Millisecond, 30*s+30*time.Millisecond
	before := ack(2, 20*s, 10, "c") // says whose the partition is
	h.Acks, h.Attempts = append(h.Acks, before), append(h.Attempts, try(before, "1.1", 20*s, Done))
	return h
}

func TestRecovery(t *testing.T) {
	h := good()
	h.Faults = []Fault{{Kind: BrokerKill, Start: 28 * s, End: 29 * s}, {Kind: BrokerTerm, Start: 40 * s, End: 41 * s}}
	got := Judge(&h).Recoveries
	if got[0].First != s+10*time.Millisecond || got[0].CaughtUp != 0 {
		t.Errorf("first after %v, caught up after %v; want 1.01 s and 0", got[0].First, got[0].CaughtUp)
	}
	if got[1].First != neverEnded || got[1].CaughtUp != 0 {
		t.Errorf("without any message: first after %v, caught up after %v", got[1].First, got[1].CaughtUp)
	}
}

// A history is the same after it was written and read.
func TestHistoryIsKept(t *testing.T) {
	h := good()
	h.Faults = []Fault{{Kind: DaemonKill, Target: "1", Daemon: "1.1", Start: 1, End: 2}}
	h.Letters, h.Stalls = []Letter{{1, 2}}, []Stall{{3, 4}}
	var file bytes.Buffer
	if err := h.Write(&file); err != nil {
		t.Fatal(err)
	}
	again, err := Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*again, h) {
		t.Errorf("read %+v, want %+v", *again, h)
	}
	for _, text := range []string{"{", `{"strange":1}`, "1"} {
		if _, err := Read(bytes.NewBufferString(text)); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}

package scheduler

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestGateTranscripts plays testdata/gate.txt: each line tells the gate what
// changes at a time, and after the arrow stands what it makes of it: state,
// reason, and when it wants to be asked again.
func TestGateTranscripts(t *testing.T) {
	text, err := os.ReadFile("testdata/gate.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(text) == 0 {
		t.Fatal("no transcripts")
	}
	for section := range strings.SplitSeq(string(text), "\n# ") {
		title, lines, _ := strings.Cut(strings.TrimPrefix(section, "# "), "\n")
		t.Run(title, func(t *testing.T) {
			if got := playGate(t, lines); got != strings.TrimSpace(lines) {
				t.Errorf("got\n%s\nwant\n%s", got, strings.TrimSpace(lines))
			}
		})
	}
}

func playGate(t *testing.T, lines string) string {
	start := time.Unix(1000, 0)
	var out strings.Builder
	var in gateInput
	g := gateState{since: start}
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		event, _, _ := strings.Cut(line, "->")
		words := strings.Fields(event)
		at := parse(t, words[0])
		in.now = start.Add(at)
		for _, w := range words[1:] {
			change(t, &in, w)
		}
		next, wake := g.next(in)
		if !wake.IsZero() && !wake.After(in.now) {
			t.Fatalf("%s: wants to be asked at %v, which is over", line, wake.Sub(start))
		}
		g = next
		said := strings.TrimSpace(fmt.Sprint(g.state, " ", g.reason))
		if !wake.IsZero() {
			said += fmt.Sprintf("; ask at %v", wake.Sub(start))
		}
		fmt.Fprintf(&out, "%-36s -> %s\n", strings.Join(words, " "), said)
	}
	return strings.TrimSpace(out.String())
}

func change(t *testing.T, in *gateInput, word string) {
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "full", "room":
		in.full = name == "full"
	case "low", "enough":
		in.low = name == "low"
	case "above":
		in.above = parse(t, value)
	case "hand":
		in.byHand = value == "on"
	case "mixed":
		in.mixed = true
	case "gate":
		in.off = value == "off"
	default:
		t.Fatalf("what is %q?", word)
	}
}

func parse(t testing.TB, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestWorkAbove: what counts as above, and for whom.
func TestWorkAbove(t *testing.T) {
	r := newRig(t, 2, Unordered)
	low, high := r.consumer(ConsumerConfig{Level: 1}), r.consumer(ConsumerConfig{Level: 9})
	r.warm(9, 100*time.Millisecond)
	r.warm(1, time.Second)
	k := r.core.consumers
	for _, c := range []struct {
		do   func()
		want time.Duration
	}{
		{func() {}, 0},
		{func() { r.apply(r.core.Backlog(r.now, high, 100)) }, 5 * time.Second},
		{func() { r.apply(r.core.Backlog(r.now, low, 1000)) }, 5 * time.Second},
		{func() { r.fetch(0, tp0, "-:9", "-:9", "-:9", "-:9") }, 5200 * time.Millisecond}, // two run, two are queued
		{func() { r.apply(r.core.Backlog(r.now, high, -1)) }, 200 * time.Millisecond},
		{func() { r.apply(r.core.Backlog(r.now, high, 1<<50)) }, 24 * time.Hour},
		{func() { r.apply(r.core.Backlog(r.now, high, 0)) }, 200 * time.Millisecond},
	} {
		c.do()
		r.core.pools[0].aboveKnown = false
		if got := k[low].workAbove(); got != c.want {
			t.Errorf("work above level 1 is %v, want %v", got, c.want)
		}
		if a, b := k[high].workAbove(), k[0].workAbove(); a != 0 || b != 0 {
			t.Errorf("work above level 9 is %v, above the mixed consumer %v; want none", a, b)
		}
	}
}

// TestLow: when a paused consumer must go on although there is work above.
func TestLow(t *testing.T) {
	r := newRig(t, 1, ByKey)
	low := r.consumer(ConsumerConfig{Level: 1, Window: Window{Messages: 8, Bytes: 1 << 30}})
	tp := tp0
	tp.Topic = "low"
	r.assigned(low, tp)
	r.warm(1, time.Minute)
	k := r.core.consumers[low]
	check := func(what string, want bool) {
		t.Helper()
		if got := r.core.low(k); got != want {
			t.Errorf("%s: low is %v, want %v", what, got, want)
		}
	}
	check("a slot idles", true)
	r.fetch(0, tp0, "-:9")
	check("an empty queue while the slot is busy", true)
	r.fetch(low, tp, "a:1", "a:1", "a:1")
	check("a short queue of slow messages", false)
	r.core.pools[0].levels[1].estimate.mean = float64(time.Millisecond)
	check("a short queue of fast messages", true)
	r.fetch(low, tp, "a:1")
	check("half of the window", false)
	r.finish(0, done)
	r.finish(0, retry)
	check("a slot idles and all waits for a retry", true)
	r.fetch(low, tp, "a:1", "a:1", "a:1", "a:1", "a:1") // one has failed, and is in the second window
	check("a slot idles and the window is full", false)
}

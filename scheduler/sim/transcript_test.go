package sim

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/scheduler"
)

var update = flag.Bool("update", false, "write the transcripts anew")

var kinds = [...]string{"arrive", "poll", "begin", "finish", "give up", "tick", "probe", "pause", "bury", "change", "assign", "deadline", "expire", "half", "ask"}

// transcript is all that happens in a small run with something of everything.
func transcript(t *testing.T) []byte {
	c := small()
	c.For, c.Instances, c.Pool.Slots, c.Pool.DeadLetters, c.Failing = 4*time.Second, 2, 2, true, 0.2
	c.Pool.Retry.Attempts = 2
	c.Handler = Times{{Share: 3, Shape: Exponential, A: 20 * time.Millisecond}, {Share: 1, Shape: Lognormal, A: 10 * time.Millisecond, B: 200 * time.Millisecond}}
	c.Loads = []Load{
		{First: 0, Last: 0, Partitions: 2, Backlog: 12, Poisson: 3},
		{First: 9, Last: 10, Partitions: 2, Burst: 4, Every: 900 * time.Millisecond, From: 200 * time.Millisecond, Keys: 2},
	}
	c.Changes = []Change{{500 * time.Millisecond, 2, Leave}, {2 * time.Second, 2, Join}}
	w := newWatched(t, c)
	var out bytes.Buffer
	w.watch.after = func(e *event) {
		fmt.Fprintf(&out, "%v %s who %d what %d\n", time.Duration(w.now), kinds[e.kind], e.who, e.what)
	}
	w.watch.started = func(in *instance, i *scheduler.Item) {
		fmt.Fprintf(&out, "  instance %d starts %v of level %d, attempt %d\n", in.index+1, i.Message, i.Message.Level, i.Message.Attempt)
	}
	w.watch.ended = func(in *instance, i *scheduler.Item) {
		fmt.Fprintf(&out, "  instance %d: %v is %v after %v\n", in.index+1, i.Message, i.Verdict(), i.FinishedAt.Sub(i.StartedAt))
	}
	for _, l := range w.finish().Levels {
		fmt.Fprintf(&out, "level %d: %d produced, %d done, %d dead, p50 %v, max %v, stall %+v, %v\n",
			l.Level, l.Produced, l.Done, l.Dead, l.Waits.Quantile(0.5), l.Waits.Max(), l.Stall, l.Verdict)
	}
	return out.Bytes()
}

// The same seed, the same transcript, whatever the machine.
func TestTranscript(t *testing.T) {
	const path = "testdata/transcript.txt"
	got := transcript(t)
	for _, procs := range []int{1, 4} {
		before := runtime.GOMAXPROCS(procs)
		again := transcript(t)
		runtime.GOMAXPROCS(before)
		if !bytes.Equal(got, again) {
			t.Fatalf("with %d processors it is another", procs)
		}
	}
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("it isn't %s; -update writes it anew. It is\n%s", path, got)
	}
}

package demo

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/audit/verdict"
	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/scheduler"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with its file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", name, got)
	}
}

// pictures are the same run before its daemon and in its midst.
func pictures() (before, midst Snapshot) {
	produced := counts{130_000, 30_000, 30_000, 30_000, 30_000, 12, 11, 11, 11, 11, 12}
	head := func(s *Snapshot, phase string, elapsed time.Duration) {
		s.Phase, s.Elapsed, s.Total = phase, elapsed, 20*time.Second
		s.Where, s.Handler, s.Slots = "embedded broker", "sleep=1ms", 64
	}
	before = emptySnapshot(counts{3: 12_345, 4: 30_000})
	head(&before, "producing the backlog", 700*time.Millisecond)
	midst = emptySnapshot(produced)
	head(&midst, "a stream of high priorities over the backlog", 4321*time.Millisecond)
	var r rates
	now := time.Unix(1000, 0)
	r.add(now.Add(-time.Second), counts{4: 10, 10: 1})
	midst.fill(status(now), &r)
	return before, midst
}

func status(now time.Time) scheduler.Status {
	level := func(l boostd.Level, queued, inFlight int, done uint64) scheduler.LevelStatus {
		return scheduler.LevelStatus{Level: l, Queued: queued, InFlight: inFlight, Counts: scheduler.Counts{Done: done}}
	}
	s := scheduler.Status{At: now, Started: true,
		Pools: []scheduler.PoolStatus{{Name: "demo", Slots: 64, Busy: 63, Levels: []scheduler.LevelStatus{
			level(3, 1024, 0, 0), level(4, 0, 62, 12_010), level(5, 0, 0, 11), level(10, 0, 1, 11)}}},
		Consumers: []scheduler.ConsumerStatus{{Name: "base", Mixed: true, Broker: 176_000, State: scheduler.Hold,
			Reason: scheduler.Reason{Kind: scheduler.WindowFull}}},
	}
	for l := boostMin; l <= maxLevel; l++ {
		s.Consumers = append(s.Consumers, scheduler.ConsumerStatus{Level: l, Broker: 0})
	}
	s.Consumers[2].State = scheduler.Paused
	s.Consumers[2].Reason = scheduler.Reason{Kind: scheduler.HigherWork, Work: 2500 * time.Millisecond}
	s.Consumers[3].Broker = -1
	return s
}

func TestRenderGolden(t *testing.T) {
	before, midst := pictures()
	for name, text := range map[string][]string{
		"before.txt":  Render(before, 100, false),
		"midst.txt":   Render(midst, 100, false),
		"narrow.txt":  Render(midst, 40, false),
		"colours.txt": Render(midst, 100, true),
		"lines.txt":   {Line(before), Line(midst)},
	} {
		golden(t, name, strings.ReplaceAll(strings.Join(text, "\n"), "\x1b", "␛")+"\n")
	}
}

var sequence = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestRenderNeverWraps: no width is exceeded, colours change no text, and every
// line that has a colour ends without one.
func TestRenderNeverWraps(t *testing.T) {
	_, midst := pictures()
	for width := 1; width <= 130; width++ {
		bare, coloured := Render(midst, width, false), Render(midst, width, true)
		for n, line := range bare {
			if utf8.RuneCountInString(line) > width {
				t.Fatalf("width %d: line %q has %d characters", width, line, utf8.RuneCountInString(line))
			}
			if got := strings.TrimRight(sequence.ReplaceAllString(coloured[n], ""), " "); got != line {
				t.Fatalf("width %d: coloured %q, bare %q", width, got, line)
			}
			if open := strings.LastIndex(coloured[n], "\x1b["); open >= 0 && !strings.HasPrefix(coloured[n][open:], term.Reset) {
				t.Fatalf("width %d: line %q leaves its colour on", width, coloured[n])
			}
		}
	}
}

func TestBar(t *testing.T) {
	for _, c := range []struct {
		part, whole int
		want        string
	}{{0, 10, "░░░░"}, {1, 1000, "█░░░"}, {5, 10, "██░░"}, {9, 10, "███░"}, {10, 10, "████"}, {20, 10, "████"}, {0, 0, "░░░░"}, {5, 0, "░░░░"}} {
		if got := bar(c.part, c.whole, 4); got != c.want {
			t.Errorf("%d of %d: %s, want %s", c.part, c.whole, got, c.want)
		}
	}
}

func TestProgressOf(t *testing.T) {
	p := progressOf(status(time.Unix(1, 0)), counts{3: 2000, 4: 13_000, 5: 11, 10: 12})
	want := progress{at: time.Unix(1, 0), started: true, left: 2000 + 990 + 1, lowLeft: 2000 + 990, inFlight: 63}
	if p != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
}

// reports are a clean run and one that is not.
func reports() (clean, bad Report) {
	at := func(ms int) time.Time { return time.Unix(2000, 0).Add(time.Duration(ms) * time.Millisecond) }
	tp := func(l boostd.Level) boostd.TopicPartition { return boostd.TopicPartition{Topic: topicName(l)} }
	record := func(l boostd.Level, offset int64, ready, start int) audit.Record {
		return audit.Record{Topic: topicName(l), Offset: offset, Level: l, Handler: "demo", ProducedAt: at(0),
			ReadyAt: at(ready), StartedAt: at(start), Result: boostd.Done}
	}
	ledger := []verdict.Entry{{TopicPartition: tp(10), Offset: 1, Level: 10, AckedAt: at(1)}, {TopicPartition: tp(0), Offset: 1, Level: 0, AckedAt: at(0)}}
	clean.Seconds = 12.3456
	clean.judge(ledger, []audit.Record{record(10, 1, 2, 3), record(0, 1, 2, 1500)}, at(1200))
	bad.Seconds, bad.Stalls = 3, []verdict.Interval{{From: at(900), To: at(905)}}
	ledger = append(ledger, verdict.Entry{TopicPartition: tp(7), Offset: 5, Level: 7, AckedAt: at(400)})
	bad.judge(ledger, []audit.Record{record(10, 1, 1, 99), record(10, 1, 1, 99), record(0, 1, 2, 60)}, at(1200))
	return clean, bad
}

func topicName(l boostd.Level) string { return "orders" + strings.Repeat("_", int(l)) }

func TestSummaryGolden(t *testing.T) {
	clean, bad := reports()
	for name, r := range map[string]Report{"clean": clean, "bad": bad} {
		golden(t, name+".txt", r.Summary())
		document, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".json", string(document))
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567", -12: "-12", -123456: "-123,456"} {
		if got := number(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

package simulation

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/scheduler/sim"
)

// An audit whose handler takes 1 to 200 ms and whose messages of level 5 are 1 to
// 100 ms on their way; what came before it ran, other levels and second attempts
// say nothing of that.
func TestMeasure(t *testing.T) {
	began := time.Unix(1000, 0)
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	var text []byte
	add := func(level boostd.Level, attempt, produced, fetched, takes int) {
		r := audit.Record{Topic: "orders", Offset: int64(len(text)), Level: level, Attempt: attempt, ProducedAt: began.Add(ms(produced)),
			FetchedAt: began.Add(ms(fetched)), StartedAt: began.Add(ms(fetched)), FinishedAt: began.Add(ms(fetched + takes)), Result: boostd.Done}
		text = r.AppendJSON(text)
	}
	add(5, 1, -5000, 0, 1)
	for n := 1; n <= 100; n++ {
		add(5, 1, 1000, 1000+n, n)
		add(0, 1, 1000, 9000, 100+n)
	}
	add(5, 2, 1000, 9000, 1)
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	write := func(b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(text)
	var out bytes.Buffer
	if err := Measure(&out, path); err != nil {
		t.Fatal(err)
	}
	f, err := Parse("load.yaml", append([]byte("load: [{levels: 0, backlog: 1}]\n"), out.Bytes()...))
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	c, err := f.Config()
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, all sim.Times, want time.Duration) {
		if got := all.Mean(); got < want*99/100 || got > want*101/100 {
			t.Errorf("%s: a mean of %v, want %v", what, got, want)
		}
	}
	near("handler", c.Handler, 20102*time.Millisecond/202)
	near("fetch", c.Latency.Fetch, 50500*time.Microsecond)
	if !strings.HasPrefix(out.String(), "# 202 attempts and 100 fetches in an audit\nhandler: {mix: [") || !strings.Contains(out.String(), "{share: 1, constant: 100ms}]}\n") {
		t.Errorf("got %s", out.String())
	}
	for want, b := range map[string][]byte{
		"it has 99 finished attempts: want at least 100":                                    bytes.Join(bytes.SplitAfter(text, []byte("\n"))[:99], nil),
		"it has 50 messages of the highest level that came while it ran: want at least 100": bytes.Join(bytes.SplitAfter(text, []byte("\n"))[:100], nil),
		"no line of it is a finished attempt":                                               []byte("{}\n"),
	} {
		write(b)
		if err := Measure(&out, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

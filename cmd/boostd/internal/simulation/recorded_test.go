package simulation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/scheduler/sim"
)

// An audit's messages come as they came, to the partitions where they were.
func TestAudit(t *testing.T) {
	dir := t.TempDir()
	lines := `{"topic":"orders","partition":0,"offset":0,"key":null,"level":1,"handler":"h","produced_at":1000,"fetched_at":2000000000,"ready_at":2000000000,"dispatched_at":2000000000,"started_at":2000000000,"finished_at":3000000000,"attempt":1,"result":"done","worker":0}
{"topic":"orders","partition":3,"offset":7,"key":"k","level":2,"handler":"h","produced_at":2500000000,"fetched_at":2600000000,"ready_at":2600000000,"dispatched_at":2600000000,"started_at":2600000000,"finished_at":2600500000,"attempt":1,"result":"retry","worker":0}
{"topic":"orders","partition":3,"offset":7,"key":"k","level":2,"handler":"h","produced_at":2500000000,"fetched_at":2600000000,"ready_at":2700000000,"dispatched_at":2700000000,"started_at":2700000000,"finished_at":2900000000,"attempt":2,"result":"done","worker":0}
{"topic":"orders_9","partition":0,"offset":0,"key":"k","level":9,"handler":"h","produced_at":null,"fetched_at":5000000000,"ready_at":5000000000,"dispatched_at":5000000000,"started_at":5000000000,"finished_at":5001000000,"attempt":1,"result":"done","worker":0}
no line
`
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("audit.jsonl", lines)
	f, err := Read(nil, write("load.yaml", "load: [{audit: audit.jsonl}]\nfor: 10s\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.Config()
	if err != nil {
		t.Fatal(err)
	}
	if c.Pool.Levels != 10 || len(c.Loads) != 2 || !c.Loads[0].Mixed || c.Loads[0].Partitions != 2 || c.Loads[1].Mixed {
		t.Fatalf("%+v", c)
	}
	want := []sim.Recorded{{Level: 1, Takes: time.Second}, {At: 500 * time.Millisecond, Level: 2, Partition: 1, Key: 1, Takes: 200 * time.Millisecond}}
	for n, r := range c.Loads[0].Recorded {
		if r != want[n] {
			t.Errorf("message %d is %+v, want %+v", n, r, want[n])
		}
	}
	if r := c.Loads[1].Recorded[0]; r.At != 3*time.Second || r.Takes != time.Millisecond {
		t.Errorf("%+v", r)
	}
	d := report(t, f).Document()
	if len(d.Levels) != 3 || d.Levels[2].Handled != 1 || d.Levels[0].Handled != 1 {
		t.Errorf("%+v", d.Levels)
	}
	for text, want := range map[string]string{
		"load: [{audit: none.jsonl}]\n": "none.jsonl: no such file",
		"load: [{audit: load.yaml}]\n":  "no line of it is a finished attempt",
	} {
		f, err := Read(nil, write("load.yaml", text))
		if err == nil {
			_, err = f.Config()
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "load[0].audit: read audit") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

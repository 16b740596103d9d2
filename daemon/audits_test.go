package daemon

import (
	"path/filepath"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
)

// Before a commit every audit has its lines; two handlers of one file share one.
func TestAuditsFlush(t *testing.T) {
	as := audits{}
	a, b := filepath.Join(t.TempDir(), "a.jsonl"), filepath.Join(t.TempDir(), "b.jsonl")
	for _, path := range []string{a, b, a} {
		w, err := as.open(path, hclog.NewNullLogger())
		if err != nil {
			t.Fatal(err)
		}
		w.Add([]audit.Record{{Topic: "orders", Handler: "h", Result: boostd.Done}})
	}
	as.flush()
	for path, want := range map[string]int{a: 2, b: 1} {
		log, err := audit.ReadFile(path)
		if err != nil || len(log.Records) != want {
			t.Errorf("%s: %d records, %v; want %d", filepath.Base(path), len(log.Records), err, want)
		}
	}
	if err := as.close(); err != nil {
		t.Error(err)
	}
}

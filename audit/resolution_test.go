package audit

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
)

// A resolution stands between the attempts and is read apart from them.
func TestResolutions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	w, err := Open(path, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	w.now = func() time.Time { return time.Unix(7, 8) }
	want := Resolution{Resolved: "skip", Topic: "orders", Partition: 3, Offset: 42, Level: 7, Handler: "h", By: `ann "the boss"`}
	for _, write := range []func() error{
		func() error { return w.Write([]Record{sample()}) },
		func() error { return w.Resolve(want) },
		func() error { return w.Write([]Record{sample()}) },
		w.Close,
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	log, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want.At = time.Unix(7, 8).UnixNano()
	if len(log.Records) != 2 || log.Torn != 0 || log.Missing != 0 || len(log.Resolutions) != 1 || log.Resolutions[0] != want {
		t.Errorf("read back %+v", log)
	}
	if log.Records[0].Result != boostd.Done {
		t.Errorf("the record before it is %v", log.Records[0].Result)
	}
}

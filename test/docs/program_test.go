package docs

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/plugins"
)

// work hands out messages and keeps the results.
type work struct {
	messages []*boostd.Message
	results  []boostd.Result
}

func (w *work) Next() (*boostd.Message, bool) {
	if len(w.results) == len(w.messages) {
		return nil, false
	}
	return w.messages[len(w.results)], true
}

func (w *work) Report(_ *boostd.Message, r boostd.Result) { w.results = append(w.results, r) }

// The README's program runs as an exec handler.
func TestProgramHandlesMessages(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("NOT RUN: no python3")
	}
	path := filepath.Join(t.TempDir(), "orders.py")
	if err := os.WriteFile(path, []byte(program(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	c := plugins.Config{Exec: []string{"python3", path}, Slots: 1}
	c.SetDefaults()
	h, err := plugins.New("orders", c, plugins.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	defer func() {
		if err := h.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	w := &work{messages: []*boostd.Message{
		{Topic: "orders_7", Level: 7, Attempt: 1, Value: []byte(`{"order_id": 1}`)},
		{Topic: "orders", Attempt: 1, Value: []byte(`no JSON`)},
		{Topic: "orders", Attempt: 1},
		{Topic: "orders", Attempt: 1, Value: []byte(`{"order_id": 2}`)},
	}}
	h.Handle(ctx, w)
	want := []boostd.Outcome{boostd.Done, boostd.Dead, boostd.Dead, boostd.Done}
	for n, r := range w.results {
		if r.Outcome != want[n] {
			t.Errorf("message %d: %v, want %v: %s", n, r.Outcome, want[n], r.Reason)
		}
	}
	if len(w.results) != len(want) {
		t.Errorf("%d results, want %d", len(w.results), len(want))
	}
}

func program(t *testing.T) string {
	t.Helper()
	for _, text := range blocks(t, "python") {
		if strings.Contains(text, "sys.stdin") {
			return text
		}
	}
	t.Fatal("README.md has no program that reads standard input")
	return ""
}

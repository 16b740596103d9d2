// Package seed holds boostd to the README of the library that it succeeds: one
// case for each of its blocks, with the settings, topics and values that are
// printed there, through boostd's own commands on real Kafka.
//
// It owns that table. What the promises come to in detail is tested where they
// are built.
package seed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/kafkaboost/boostd/test/rig"
)

func TestMain(m *testing.M) {
	code := m.Run()
	rig.RemoveBinaries()
	os.Exit(code)
}

// world is a cluster of its own: the topics have the names that are printed.
type world struct {
	*testing.T

	brokers, dir, control string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	cluster := kafkatest.New(t, kafkatest.Options{})
	return &world{T: t, brokers: strings.Join(cluster.Brokers(), ",")}
}

// begin clears the cluster and writes the files of a block: its settings, and a
// boostd.yaml that handles its topics one message at a time.
func (w *world) begin(t *testing.T, settings, group string, topics []string) *world {
	t.Helper()
	short, err := os.MkdirTemp("", "bd") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(short) }) // in the temporary folder anyway
	b := &world{T: t, brokers: w.brokers, dir: t.TempDir(), control: filepath.Join(short, "c.sock")}
	admin, err := kafkaio.NewAdmin(kafkaio.Config{Brokers: strings.Split(w.brokers, ",")})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	have, err := admin.Topics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var old []string
	for name := range have {
		if !strings.HasPrefix(name, "__") {
			old = append(old, name)
		}
	}
	if err := admin.DeleteTopics(ctx, old); err != nil {
		t.Fatal(err)
	}
	lines := ""
	for _, topic := range topics {
		lines += fmt.Sprintf("  %s: {handler: work}\n", topic)
	}
	b.write("settings.json", settings)
	b.write("boostd.yaml", fmt.Sprintf(`kafka: {brokers: [%s], group: %s}
settings: {source: "file:settings.json"}
topics:
%shandlers: {work: {noop: {}, slots: 1, audit: audit.jsonl}}
control: %s
state_dir: off
`, b.brokers, group, lines, b.control))
	return b
}

func (w *world) write(name, text string) {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

// boostd runs a command with the block's configuration; it must succeed.
func (w *world) boostd(args ...string) string {
	w.Helper()
	p, code := rig.Boostd(w, append(args, "-c", filepath.Join(w.dir, "boostd.yaml"))...)
	if code != 0 {
		w.Fatalf("boostd %v exited with %d: %s", args, code, p.Output())
	}
	return p.Stdout()
}

// run starts the daemon and waits until it has handled n messages.
func (w *world) run(n int) (records []audit.Record) {
	w.Helper()
	rig.Spawn(w, "run", "-c", filepath.Join(w.dir, "boostd.yaml"))
	rig.Eventually(w, fmt.Sprintf("%d messages are handled and the daemon is ready", n), func() bool {
		log, err := audit.ReadFile(filepath.Join(w.dir, "audit.jsonl"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.Fatal(err)
		}
		if err == nil {
			records = log.Records
		}
		status, err := console.Dial(w.control).Status(w.Context())
		return len(records) >= n && err == nil && status.Ready
	})
	slices.SortFunc(records, func(a, b audit.Record) int { return a.StartedAt.Compare(b.StartedAt) })
	return records
}

// status is what the running daemon says of itself.
func (w *world) status() (s console.Status) {
	w.Helper()
	if err := json.Unmarshal([]byte(w.boostd("status", "--json")), &s); err != nil {
		w.Fatal(err)
	}
	return s
}

package rig

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

// Patience is how long a test waits for something that should happen soon; on a machine
// that has much else to do, soon may be a minute.
const Patience = 2 * time.Minute

// Options say what a Setup is for.
type Options struct {
	// Min is the level from which the topic is boosted, of Max (default 10);
	// each derived topic has Partitions (default 3), the base topic as well.
	Min, Max   int
	Partitions int
	// Handler is the handler's entry without braces, such as
	// "sleep: {min: 1ms}, slots: 64".
	Handler string
	// Order is the topic's, default key.
	Order string
	// Other is the entry of a second handler; it has a topic of its own, boosted
	// alike. Empty: there is none.
	Other string
	// AuditFile is the handlers', default audit.jsonl.
	AuditFile string
	// Extra are more lines of boostd.yaml.
	Extra string
	// Kafka are more lines of its section kafka.
	Kafka string
}

// Setup is one boosted topic with a daemon's configuration for it, in a
// directory of its own. The names are new, so that tests share a cluster.
type Setup struct {
	Options
	Config kafkaio.Config
	Base   string
	Group  string
	Dir    string
	// OtherBase is the topic of Options.Other.
	OtherBase string
	// Control is the first daemon's socket, whose path must be short.
	Control string
	// running are the daemons that have been started and not ended: each has a
	// socket and a state folder of its own.
	running []func() bool
}

// New writes boostd.yaml and the settings and creates the topics.
func New(t testing.TB, c *Cluster, o Options) *Setup {
	t.Helper()
	s := Plan(t, c.Brokers(t), o)
	s.Ensure(t)
	return s
}

// Plan writes the files and creates no topic.
func Plan(t testing.TB, brokers []string, o Options) *Setup {
	t.Helper()
	if o.Max == 0 {
		o.Max = 10
	}
	if o.Partitions == 0 {
		o.Partitions = 3
	}
	if o.Order == "" {
		o.Order = "key"
	}
	if o.Handler == "" {
		o.Handler = "noop: {}"
	}
	if o.AuditFile == "" {
		o.AuditFile = "audit.jsonl"
	}
	id := make([]byte, 4)
	_, _ = rand.Read(id) // never fails
	name := hex.EncodeToString(id)
	s := &Setup{Options: o, Base: "orders-" + name, OtherBase: "others-" + name, Group: "g-" + name, Dir: directory(t)}
	s.Control = filepath.Join(short(t), "c.sock")
	s.Config.Brokers = brokers
	s.WriteSettings(t)
	s.WriteConfig(t)
	s.Config = s.File(t).Kafka
	return s
}

// bases are the base topics.
func (s *Setup) bases() []string {
	if s.Other == "" {
		return []string{s.Base}
	}
	return []string{s.Base, s.OtherBase}
}

// WriteSettings writes the settings document.
func (s *Setup) WriteSettings(t testing.TB) {
	t.Helper()
	var boosts []string
	for _, base := range s.bases() {
		boosts = append(boosts, fmt.Sprintf(`{"topic_name":%q,"priority_boost_min_value":%d,"number_of_partitions":%d}`,
			base, s.Min, s.Partitions))
	}
	s.WriteFile(t, "settings.json", fmt.Sprintf(`{"max_priority":%d,"default_priority":0,"Priority_boost":[%s]}`,
		s.Max, strings.Join(boosts, ",")))
}

// WriteConfig writes boostd.yaml, as a daemon that starts later will read it:
// the options may have changed since.
func (s *Setup) WriteConfig(t testing.TB) {
	t.Helper()
	topics := fmt.Sprintf("  %s: {handler: work, order: %s}\n", s.Base, s.Order)
	handlers := fmt.Sprintf("  work: {%s, audit: %s}\n", s.Handler, s.AuditFile)
	if s.Other != "" {
		topics += fmt.Sprintf("  %s: {handler: other, order: %s}\n", s.OtherBase, s.Order)
		handlers += fmt.Sprintf("  other: {%s, audit: %s}\n", s.Other, s.AuditFile)
	}
	s.WriteFile(t, "boostd.yaml", fmt.Sprintf(`kafka:
  brokers: [%s]
  group: %s
%s
settings: {source: "file:settings.json"}
topics:
%shandlers:
%scontrol: %s
state_dir: state
%s
`, strings.Join(s.Config.Brokers, ", "), s.Group, s.Kafka, topics, handlers, s.Control, s.Extra))
}

// directory is the test's own; below what BOOSTD_TEST_KEEP names, if that is
// set, it stays for a look.
func directory(t testing.TB) string {
	t.Helper()
	keep := os.Getenv("BOOSTD_TEST_KEEP")
	if keep == "" {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(keep, "*")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// instance is the lowest number that no running daemon of the setup has; ended
// tells when the new one leaves it.
func (s *Setup) instance(ended func() bool) int {
	for n, e := range s.running {
		if e() {
			s.running[n] = ended
			return n
		}
	}
	s.running = append(s.running, ended)
	return len(s.running) - 1
}

// ControlOf is the socket of the daemon with that number, from 0.
func (s *Setup) ControlOf(n int) string { return s.Control + strings.Repeat("x", n) }

// StateOf is its state folder, relative to the setup's.
func (s *Setup) StateOf(n int) string { return "state" + strings.Repeat("x", n) }

// short is a folder whose path leaves room for a socket's name: the kernel allows
// 107 bytes in all.
func short(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "bd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // in the temporary folder anyway
	return dir
}

// WriteFile writes a file in the setup's folder.
func (s *Setup) WriteFile(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Path is the configuration file.
func (s *Setup) Path() string { return filepath.Join(s.Dir, "boostd.yaml") }

// File is the configuration as the daemon reads it.
func (s *Setup) File(t testing.TB) *conf.File {
	t.Helper()
	f, err := conf.Load(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Ensure creates the base topics and those of the levels.
func (s *Setup) Ensure(t testing.TB) {
	t.Helper()
	var topics []string
	for _, base := range s.bases() {
		topics = append(topics, base)
		for n := s.Min; n <= s.Max; n++ {
			topics = append(topics, priority.DerivedTopic(base, boostd.Level(n)))
		}
	}
	s.EnsureTopics(t, topics...)
}

// EnsureTopics creates these topics alone.
func (s *Setup) EnsureTopics(t testing.TB, topics ...string) {
	t.Helper()
	var specs []kafkaio.TopicSpec
	for _, name := range topics {
		specs = append(specs, kafkaio.TopicSpec{Name: name, Partitions: s.Partitions})
	}
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	if _, err := s.Admin(t).EnsureTopics(ctx, specs); err != nil {
		t.Fatal(err)
	}
}

// Admin is a client that ends with the test.
func (s *Setup) Admin(t testing.TB) *kafkaio.Admin {
	t.Helper()
	admin, err := kafkaio.NewAdmin(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	return admin
}

// Topic is where a level's messages live.
func (s *Setup) Topic(level boostd.Level) string {
	if int(level) < s.Min {
		return s.Base
	}
	return priority.DerivedTopic(s.Base, level)
}

// Groups are the names of all groups of the daemon.
func (s *Setup) Groups() []string {
	groups := []string{priority.BaseGroup(s.Group)}
	for n := s.Min; n <= s.Max; n++ {
		groups = append(groups, priority.LevelGroup(s.Group, boostd.Level(n)))
	}
	return groups
}

// Committed is what all groups of the daemon have committed.
func (s *Setup) Committed(t testing.TB) map[boostd.TopicPartition]int64 {
	t.Helper()
	admin := s.Admin(t)
	all := map[boostd.TopicPartition]int64{}
	for _, g := range s.Groups() {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		offsets, err := admin.Committed(ctx, g)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(all, offsets)
	}
	return all
}

// Done is how many messages are committed as done.
func (s *Setup) Done(t testing.TB) (sum int64) {
	t.Helper()
	for _, offset := range s.Committed(t) {
		sum += offset
	}
	return sum
}

// AuditPath is the audit file.
func (s *Setup) AuditPath() string { return filepath.Join(s.Dir, "audit.jsonl") }

// Audit reads what has been recorded so far; nothing when there is no file yet.
func (s *Setup) Audit(t testing.TB) []audit.Record {
	t.Helper()
	log, err := audit.ReadFile(s.AuditPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return log.Records
}

// Logger writes to the test's log when it fails or is verbose.
func Logger(t testing.TB) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Name: "boostd", Level: hclog.Debug, Output: testWriter{t}})
}

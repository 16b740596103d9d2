package seed

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/test/rig"
	"github.com/kafkaboost/boostd/test/s3test"
)

// running is a block's files and commands, and its daemon once it is asked for.
type running struct {
	t     *testing.T
	block block
	dir   string
	began bool
	// process is the daemon's.
	process *rig.Process
}

func newRunning(t *testing.T, b block) *running {
	t.Helper()
	dir, err := os.MkdirTemp("", "bd") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // in the temporary folder anyway
	r := &running{t: t, block: b, dir: dir}
	r.write("settings.json", b.settings)
	if b.group == "" {
		return r
	}
	topics := ""
	for _, name := range b.topics {
		topics += fmt.Sprintf("  %s: {handler: work}\n", name)
	}
	r.write("boostd.yaml", fmt.Sprintf(`kafka: {brokers: [%s], group: %q}
settings: {source: "file:settings.json"}
control: c.sock
state_dir: state
topics:
%shandlers:
  work: {noop: {}, slots: 1, audit: audit.jsonl}
`, strings.Join(cluster.Brokers(t), ", "), b.group, topics))
	return r
}

func (r *running) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *running) settings() string { return filepath.Join(r.dir, "settings.json") }
func (r *running) control() string  { return filepath.Join(r.dir, "c.sock") }

// place are the flags that say where a command works.
func (r *running) place() []string {
	if r.block.group == "" {
		return []string{"--brokers", strings.Join(cluster.Brokers(r.t), ","), "--settings", r.settings()}
	}
	return []string{"-c", filepath.Join(r.dir, "boostd.yaml")}
}

// succeeds runs a command, which must exit 0, and returns its standard output.
func (r *running) succeeds(args ...string) string {
	r.t.Helper()
	p, code := rig.Boostd(r.t, args...)
	if code != 0 {
		r.t.Fatalf("boostd %s exited with %d: %s", strings.Join(args, " "), code, p.Output())
	}
	return p.Stdout()
}

// ensure creates the topics and returns what it changed, nothing or JSON lines.
func (r *running) ensure() string {
	r.t.Helper()
	return r.succeeds(append([]string{"topics", "ensure", "--json"}, r.place()...)...)
}

// hasTopics checks that topics of a base exist, and their partitions where that
// isn't 0.
func (r *running) hasTopics(base string, want map[string]int) {
	r.t.Helper()
	have := map[string]int{}
	for line := range strings.Lines(r.succeeds(append([]string{"topics", "list", base, "--json"}, r.place()...)...)) {
		var topic struct {
			Topic      string
			Partitions int
		}
		r.decode(line, &topic)
		have[topic.Topic] = topic.Partitions
	}
	for topic, partitions := range want {
		if n, ok := have[topic]; !ok || partitions > 0 && n != partitions {
			r.t.Errorf("%s has %d partitions, want %d; there are %v", topic, n, partitions, have)
		}
	}
}

func (r *running) decode(text string, into any) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		r.t.Fatalf("%v in %s", err, text)
	}
}

// start runs the daemon and waits until it is ready.
func (r *running) start() {
	r.t.Helper()
	if r.began {
		return
	}
	r.began = true
	r.process = rig.Spawn(r.t, append([]string{"run"}, r.place()...)...)
	rig.Eventually(r.t, "the daemon is ready", func() bool {
		s, err := console.Dial(r.control()).Status(r.t.Context())
		return err == nil && s.Ready
	})
}

// status is what `boostd status --json` says.
func (r *running) status() (s console.Status) {
	r.t.Helper()
	r.start()
	r.decode(r.succeeds("status", "--json", "--control", r.control()), &s)
	return s
}

func (r *running) summary() console.Summary {
	r.t.Helper()
	s := r.status()
	if s.Summary == nil {
		r.t.Fatal("the status has no summary")
	}
	return *s.Summary
}

// produced is a line of `boostd produce --json`.
type produced struct {
	Topic     string
	Partition int32
	Offset    int64
	Priority  int
	By        string
}

// produce sends a message as printed and checks where it goes; explain must say
// the same before.
func (r *running) produce(m message) produced {
	r.t.Helper()
	args := []string{"--settings", r.settings(), "--json"}
	if m.priority != nil {
		args = append(args, fmt.Sprintf("--priority=%d", *m.priority))
	}
	var explained, at produced
	r.decode(r.succeeds(append([]string{"settings", "explain", "--topic", m.topic, "--value", m.value}, args...)...), &explained)
	args = append(args, "--brokers", strings.Join(cluster.Brokers(r.t), ","))
	r.decode(r.succeeds(append([]string{"produce", m.topic, m.value}, args...)...), &at)
	for _, got := range []produced{explained, at} {
		if got.Topic != m.wantTopic || got.Priority != int(m.wantLevel) || got.By != m.wantBy {
			r.t.Errorf("%s to %s: %s at level %d by %s, want %s at level %d by %s",
				m.value, m.topic, got.Topic, got.Priority, got.By, m.wantTopic, m.wantLevel, m.wantBy)
		}
	}
	return at
}

// handle waits until the messages are handled, each once, and checks levels and
// order.
func (r *running) handle(sent []produced) {
	r.t.Helper()
	var records []audit.Record
	rig.Eventually(r.t, "the messages are handled", func() bool {
		records = r.records(sent)
		return len(records) >= len(sent)
	})
	var levels, want []int
	for _, rec := range records {
		levels = append(levels, int(rec.Level))
	}
	for _, l := range r.block.order {
		want = append(want, int(l))
	}
	if !slices.Equal(levels, want) {
		r.t.Errorf("handled in the order %v, want %v", levels, want)
	}
}

// records are those of the messages, in the order in which they started.
func (r *running) records(sent []produced) (records []audit.Record) {
	log, err := audit.ReadFile(filepath.Join(r.dir, "audit.jsonl"))
	if err != nil {
		return nil // not there yet
	}
	for _, rec := range log.Records {
		if slices.ContainsFunc(sent, func(p produced) bool {
			return p.Topic == rec.Topic && p.Partition == rec.Partition && p.Offset == rec.Offset
		}) {
			records = append(records, rec)
		}
	}
	slices.SortFunc(records, func(a, b audit.Record) int { return a.StartedAt.Compare(b.StartedAt) })
	return records
}

// lookedUp checks that the block's settings are found where the website puts them
// for a user, in S3, and where KafkaBoost asks for them, by the user's id.
func (r *running) lookedUp(user string) {
	r.t.Helper()
	store := s3test.Start(r.t)
	bucket := store.Bucket(r.t)
	store.Put(r.t, bucket, "users/"+user+"/settings-2025-01-02T03:04:05.678Z.json", r.block.settings)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path != "/"+user {
			http.NotFound(w, q)
			return
		}
		fmt.Fprintf(w, `{"config": %s}`, r.block.settings)
	}))
	defer web.Close()
	want := r.succeeds(append([]string{"settings", "show", "--json"}, r.place()...)...)
	environ := append(os.Environ(), "AWS_ACCESS_KEY_ID="+s3test.AccessKey, "AWS_SECRET_ACCESS_KEY="+s3test.SecretKey)
	for _, set := range [][]string{
		{"settings.source=s3://" + bucket + "/users/" + user + "/", "settings.s3.endpoint=" + store.Endpoint, "settings.s3.path_style=true"},
		{"settings.source=" + web.URL + "/" + user},
	} {
		args := append([]string{"settings", "show", "--json"}, r.place()...)
		for _, s := range set {
			args = append(args, "--set", s)
		}
		p := rig.SpawnEnv(r.t, environ, args...)
		if code := p.Wait(rig.Patience); code != 0 || p.Stdout() != want {
			r.t.Errorf("from %s, exit code %d: %s", set[0], code, p.Output())
		}
	}
}

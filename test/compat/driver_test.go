package compat

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// said is one line of a Python program: a message's place with or without its
// value, or what the consumer says of itself.
type said struct {
	Topic     string          `json:"topic"`
	Partition int32           `json:"partition"`
	Offset    int64           `json:"offset"`
	Value     json.RawMessage `json:"value"`

	Ready   bool           `json:"ready"`
	Summary map[string]any `json:"summary"`
	Share   []string       `json:"share"`
	Closed  bool           `json:"closed"`
}

// place is what a message is known by.
func (s said) place() rig.Place {
	p := rig.Place{Offset: s.Offset}
	p.Topic, p.Partition = s.Topic, s.Partition
	return p
}

// serveSettings serves a document as KafkaBoost fetches it.
func serveSettings(t testing.TB, document string) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/user123" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, document)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// settingsOf is the setup's own document.
func settingsOf(t testing.TB, s *rig.Setup) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir, "settings.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// program is a running Python program.
type program struct {
	t     testing.TB
	cmd   *exec.Cmd
	stdin io.WriteCloser
	done  chan struct{}
	err   error

	mu    sync.Mutex
	lines []said
	log   bytes.Buffer
}

// start runs one of the programs beside the tests. It is killed at the test's
// end if it still runs.
func start(t testing.TB, script string, args ...string) *program {
	t.Helper()
	p := &program{t: t, done: make(chan struct{})}
	path, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command(python(t), append([]string{"-B", path}, args...)...)
	p.cmd.Dir = t.TempDir() // it writes the settings into its folder
	p.cmd.Stderr = &p.log
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read(stdout)
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // or it has ended
		<-p.done
		if t.Failed() {
			t.Logf("end of what %s says:\n%s", script, tail(p.log.String(), 1000))
		}
	})
	return p
}

func tail(text string, n int) string { return text[max(0, len(text)-n):] }

// read takes in what the program says until it has ended.
func (p *program) read(stdout io.Reader) {
	defer close(p.done)
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var s said
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			continue // shown by the count that is missing
		}
		p.mu.Lock()
		p.lines = append(p.lines, s)
		p.mu.Unlock()
	}
	p.err = p.cmd.Wait()
}

// said are the lines so far that keep is true for.
func (p *program) said(keep func(said) bool) (kept []said) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.lines {
		if keep(s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// messages are those that were produced or handled.
func (p *program) messages() []said { return p.said(func(s said) bool { return s.Topic != "" }) }

// awaitReady waits until the consumer has all its places in the groups.
func (p *program) awaitReady() {
	p.t.Helper()
	rig.Eventually(p.t, "KafkaBoost's consumers have joined", func() bool {
		return len(p.said(func(s said) bool { return s.Ready })) > 0 || p.ended()
	})
}

func (p *program) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// wait waits for the program's end, which must be a good one.
func (p *program) wait() {
	p.t.Helper()
	rig.Eventually(p.t, "the Python program ends", p.ended)
	if p.err != nil {
		p.t.Fatal(p.err)
	}
}

// finish ends a consumer.
func (p *program) finish() {
	p.t.Helper()
	_ = p.stdin.Close() // or it has ended
	p.wait()
}

// message is one line for produce.py, and for boostd produce --format json.
type message struct {
	Topic    string `json:"topic"`
	Value    any    `json:"value"`
	Key      string `json:"key,omitempty"`
	Priority *int   `json:"priority,omitempty"`
}

func lines(t testing.TB, messages []message) string {
	t.Helper()
	var text strings.Builder
	for _, m := range messages {
		if err := json.NewEncoder(&text).Encode(m); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

// produce sends messages with KafkaBoost and returns where they went.
func produce(t testing.TB, s *rig.Setup, document string, messages []message) []said {
	t.Helper()
	p := start(t, "produce.py", strings.Join(s.Config.Brokers, ","), serveSettings(t, document))
	if _, err := io.WriteString(p.stdin, lines(t, messages)); err != nil {
		t.Fatal(err)
	}
	p.finish()
	if n := len(p.messages()); n != len(messages) {
		t.Fatalf("KafkaBoost sent %d of %d messages", n, len(messages))
	}
	return p.messages()
}

// consume starts KafkaBoost's consumer; limit 0 is for as long as it may.
func consume(t testing.TB, s *rig.Setup, document, limit string) *program {
	t.Helper()
	return start(t, "consume.py", strings.Join(s.Config.Brokers, ","), serveSettings(t, document), s.Group, limit, s.Base)
}

// boostdProduces sends messages with boostd, the level embedded, and returns
// where they went.
func boostdProduces(t testing.TB, s *rig.Setup, messages []message) []said {
	t.Helper()
	s.WriteFile(t, "messages.jsonl", lines(t, messages))
	p, code := rig.Boostd(t, "produce", "--file", filepath.Join(s.Dir, "messages.jsonl"), "--format", "json",
		"--embed-priority", "--json", "-c", s.Path())
	if code != 0 {
		t.Fatalf("boostd produce exited with %d: %s", code, p.Output())
	}
	all, sent := make([]said, len(messages)), 0
	for line := range strings.Lines(p.Stdout()) { // in the order of acknowledgements
		var at struct {
			said
			Line int `json:"line"`
		}
		if err := json.Unmarshal([]byte(line), &at); err != nil || at.Line < 1 || at.Line > len(all) {
			t.Fatalf("%v in %s", err, line)
		}
		all[at.Line-1] = at.said
		sent++
	}
	if sent != len(messages) {
		t.Fatalf("boostd sent %d of %d messages", sent, len(messages))
	}
	return all
}

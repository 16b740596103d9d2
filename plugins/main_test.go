package plugins

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
)

// TestMain makes this test binary the programs of the exec tests, too: its
// first argument names one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if program, ok := programs[os.Args[1]]; ok {
			program(os.Args[2:])
			exit(0)
		}
	}
	os.Exit(m.Run())
}

// exit ends a program at once; os.Exit takes a second under the race detector.
func exit(code int) { syscall.Exit(code) }

var programs = map[string]func(args []string){
	"exec-done":   func([]string) { answerEach(func(map[string]any) string { return `"result":"done"` }) },
	"exec-say":    sayEach,
	"exec-pid":    func([]string) { answerEach(retryWith(strconv.Itoa(os.Getpid()))) },
	"exec-env":    func([]string) { answerEach(retryWith(environmentNames())) },
	"exec-mirror": func([]string) { answerEach(mirror) },
	"exec-exit":   exitAfter,
	"exec-hang":   func([]string) { signal.Ignore(syscall.SIGTERM); os.Stderr.WriteString("hangs\n"); select {} },
	"exec-term":   func([]string) { awaitTerm() },
	"exec-flood":  flood,
	"exec-parent": parent,
	"exec-host":   host,
	"plugin":      servePlugin,
	"exec-limits": func([]string) { answerEach(func(m map[string]any) string { return retryWith(limits())(m) }) },
	"exec-half":   func([]string) { bufio.NewReader(os.Stdin).ReadBytes('\n'); os.Stdout.WriteString(`{"id":1,"resu`) },
	"msg-tell":    tellMessage,
	"msg-exit":    sayAndExit,
	"msg-pid":     tellPid,
	"msg-limits":  tellLimits,
	"msg-host":    messageHost,
	"exec-close":  func([]string) { os.Stdout.Close(); os.Stdin.Close(); select {} },
}

func answerEach(result func(map[string]any) string) {
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			exit(99)
		}
		id := m["id"] // before result, which may take m apart
		fmt.Printf("{\"id\":%v,%s}\n", id, result(m))
	}
}

func retryWith(text string) func(map[string]any) string {
	return func(map[string]any) string { return `"result":"retry","error":` + quote(text) }
}

// quote makes a JSON string; strconv.Quote makes one that only Go reads.
func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		exit(96)
	}
	return string(quoted)
}

// sayEach answers with its argument, where ID stands for the id and LONG for
// 1 MiB of text.
func sayEach(args []string) {
	in := bufio.NewReader(os.Stdin)
	for id := 1; ; id++ {
		if _, err := in.ReadBytes('\n'); err != nil {
			return
		}
		text := strings.ReplaceAll(args[0], "ID", strconv.Itoa(id))
		os.Stdout.WriteString(strings.ReplaceAll(text, "LONG", strings.Repeat("x", 1<<20)))
	}
}

func environmentNames() string {
	var names []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// mirror says what it understood: every member's name, and how long its text
// is, or the text itself where it is short.
func mirror(m map[string]any) string {
	delete(m, "id")
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		text := fmt.Sprint(m[name])
		if len(text) > 60 {
			text = digest(text)
		}
		parts = append(parts, name+"="+text)
	}
	return `"result":"dead","error":` + quote(strings.Join(parts, " "))
}

// digest stands for a long text: its length and the beginning of its hash.
func digest(text string) string {
	hash := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%d:%x", len(text), hash[:6])
}

// exitAfter answers as many messages as its first argument says, reads one
// more, and exits with the second.
func exitAfter(args []string) {
	left, _ := strconv.Atoi(args[0])
	code, _ := strconv.Atoi(args[1])
	answerEach(func(map[string]any) string {
		if left == 0 {
			exit(code)
		}
		left--
		return `"result":"done"`
	})
}

func awaitTerm() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM)
	os.Stderr.WriteString("waits\n")
	<-c
	os.Stderr.WriteString("terminated\n")
}

func flood([]string) {
	line := strings.Repeat("complaint \x1b[2J", 1000) + "\n" // longer than a log line may be
	for range 2000 {
		os.Stderr.WriteString(line)
	}
	answerEach(func(map[string]any) string { return `"result":"done"` })
}

// parent starts a child that never ends and holds all pipes, and tells its pid.
func parent([]string) {
	child := exec.Command(os.Args[0], "exec-hang")
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		exit(98)
	}
	pids := fmt.Sprintf("%d %d", os.Getpid(), child.Process.Pid)
	answerEach(retryWith(pids))
}

// host is a daemon with one handler and a program that never ends by itself;
// it prints its program's pid and waits to be killed.
func host([]string) {
	c := Config{Exec: []string{os.Args[0], "exec-hang"}}
	c.SetDefaults()
	h, err := New("host", c, Options{})
	if err != nil {
		exit(97)
	}
	go h.Handle(context.Background(), &work{messages: []*boostd.Message{{}}})
	d := h.doer.(*execDoer)
	for pid := 0; ; <-time.Tick(time.Millisecond) {
		d.each(func(p *program) { pid = p.process.Pid })
		if pid != 0 {
			fmt.Println(pid)
			select {}
		}
	}
}

// work hands out messages and collects the results.
type work struct {
	messages []*boostd.Message
	next     int
	results  []boostd.Result
}

func (w *work) Next() (*boostd.Message, bool) {
	if w.next == len(w.messages) {
		return nil, false
	}
	w.next++
	return w.messages[w.next-1], true
}

func (w *work) Report(m *boostd.Message, r boostd.Result) {
	if m != w.messages[w.next-1] {
		panic("reported a message that wasn't taken last")
	}
	w.results = append(w.results, r)
}

// attempt carries one message through the handler.
func attempt(t testing.TB, ctx context.Context, h *Handler, m boostd.Message) boostd.Result {
	t.Helper()
	w := &work{messages: []*boostd.Message{&m}}
	h.Handle(ctx, w)
	if len(w.results) != 1 {
		t.Fatalf("%d results for one message", len(w.results))
	}
	return w.results[0]
}

func newHandler(t testing.TB, c Config, logger hclog.Logger) *Handler {
	t.Helper()
	c.SetDefaults()
	h, err := New("orders", c, Options{Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := h.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return h
}

// output is a log that several goroutines write and a test reads.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *output) logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Name: "boostd", Output: o, Level: hclog.Debug})
}

var _ io.Writer = (*output)(nil)

// eventually waits for a condition that nothing announces, such as the state of
// another process.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	eventuallyIn(t, 10*time.Second, what, condition)
}

func eventuallyIn(t testing.TB, patience time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("still not: %s", what)
		}
	}
}

// runs reports whether a process is there and not merely unreaped.
func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, ok := bytes.Cut(stat, []byte(") "))
	return ok && rest[0] != 'Z' && rest[0] != 'X'
}

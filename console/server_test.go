package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// puppet is a daemon that notes what it is asked for.
type puppet struct {
	mu     sync.Mutex
	status *Status
	err    error // of everything that can fail
	asked  []string
	panics bool
}

var _ Daemon = (*puppet)(nil)

func (p *puppet) note(format string, args ...any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, fmt.Sprintf(format, args...))
	return p.err
}

func (p *puppet) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := strings.Join(p.asked, "; ")
	p.asked = nil
	return all
}

func (p *puppet) Status(context.Context) (*Status, error) {
	if p.panics {
		panic("a planted mistake")
	}
	return p.status, p.err
}
func (p *puppet) Live() error  { return p.err }
func (p *puppet) Ready() error { return p.err }

func (p *puppet) PauseLevel(_ context.Context, r PauseRequest) (Pause, error) {
	return Pause{Level: r.Level, By: r.By, Why: r.Why}, p.note("pause %d by %s, %s, for %v", r.Level, r.By, r.Why, r.For)
}

func (p *puppet) ResumeLevel(_ context.Context, level int, by string) error {
	return p.note("resume %d by %s", level, by)
}

func (p *puppet) Reload(context.Context) (Reloaded, error) {
	return Reloaded{Changed: true, Hash: "c0ffee", Text: "new"}, p.note("reload")
}

func (p *puppet) Held(context.Context) ([]Held, error) {
	return []Held{{Topic: "orders", Partition: 3, Offset: 42, Level: 7, Handler: "h", Attempts: 5, Reason: "no"}}, p.err
}
func (p *puppet) RetryHeld(_ context.Context, o HeldOrder) error {
	return p.note("retry %v by %s", o.Coordinates, o.By)
}
func (p *puppet) SkipHeld(_ context.Context, o HeldOrder) error {
	return p.note("skip %v by %s", o.Coordinates, o.By)
}

// fixedLevels are log levels with one room.
type fixedLevels struct{ kafka string }

func (l *fixedLevels) Levels() map[string]string {
	return map[string]string{"": "info", "kafka": l.kafka}
}
func (l *fixedLevels) SetLevel(room, level string) error {
	if room != "kafka" {
		return fmt.Errorf("there is no room %q", room)
	}
	l.kafka = level
	return nil
}

// start serves a puppet on a socket and a port until the test ends.
func start(t *testing.T, p *puppet, change ...func(*Options)) (s *Server, socket string) {
	t.Helper()
	o := Options{
		Socket: filepath.Join(t.TempDir(), "b.sock"), Listen: "127.0.0.1:0",
		Daemon: p, Held: p, LogLevels: &fixedLevels{"info"}, Logger: hclog.NewNullLogger(),
	}
	for _, c := range change {
		c(&o)
	}
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return s, o.Socket
}

// over makes a client that talks over a socket.
func over(t *testing.T, socket string) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func send(t *testing.T, c *http.Client, method, url, body string, header ...string) (code int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n+1 < len(header); n += 2 {
		if header[n] == "Host" {
			r.Host = header[n+1]
			continue
		}
		r.Header.Set(header[n], header[n+1])
	}
	response, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(all))
}

func me(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

func TestRoutesOnTheSocket(t *testing.T) {
	p := &puppet{status: &Status{Version: "1"}}
	_, socket := start(t, p)
	client := over(t, socket)
	long := strings.Repeat("x", 501)
	for _, c := range []struct {
		method, path, body string
		err                error // of the daemon
		code               int
		text, asked        string
	}{
		{"GET", "/healthz", "", nil, 200, "ok", ""},
		{"GET", "/readyz", "", nil, 200, "ok", ""},
		{"GET", "/healthz", "", errors.New("the poll loop of 7 doesn't turn"), 503, "the poll loop of 7 doesn't turn", ""},
		{"GET", "/readyz", "", errors.New("starting"), 503, "starting", ""},
		{"GET", "/v1/status", "", nil, 200, `{"version":"1"`, ""},
		{"GET", "/v1/status", "", context.DeadlineExceeded, 503, `{"error":"boostd can't answer`, ""},
		{"GET", "/metrics", "", nil, 200, "# HELP boostd_", ""},
		{"POST", "/v1/levels/7/pause", `{"by":"ann","why":"move","for":"30m"}`, nil, 200, `{"level":7,"by":"ME (ann)","why":"move"`, "pause 7 by ME (ann), move, for 30m0s"},
		{"POST", "/v1/levels/0/pause", "", nil, 200, `{"level":0,"by":"ME"`, "pause 0 by ME, , for 0s"},
		{"POST", "/v1/levels/0/pause", "{}", fmt.Errorf("level 0: %w", ErrNotFound), 404, `{"error":"level 0: not found"}`, "pause 0 by ME, , for 0s"},
		{"POST", "/v1/levels/0/pause", "{}", errors.New("not started yet"), 409, `{"error":"not started yet"}`, "pause 0 by ME, , for 0s"},
		{"POST", "/v1/levels/x/pause", "{}", nil, 400, `{"error":"level \"x\": want a whole number"}`, ""},
		{"POST", "/v1/levels/1/pause", `{"for":"yesterday"}`, nil, 400, `want more than 0 and at most a year`, ""},
		{"POST", "/v1/levels/1/pause", `{"for":"-1s"}`, nil, 400, `want more than 0 and at most a year`, ""},
		{"POST", "/v1/levels/1/pause", `{"why":"` + long + `"}`, nil, 400, `why: has more than 500 characters`, ""},
		{"POST", "/v1/levels/1/pause", `{"by":"a\u001b[2J"}`, nil, 400, `by: want one line without control characters`, ""},
		{"POST", "/v1/levels/1/pause", `{"by":"a","who":"b"}`, nil, 400, `unknown field`, ""},
		{"POST", "/v1/levels/1/pause", `{"by":"a"`, nil, 400, `read request`, ""},
		{"POST", "/v1/levels/1/pause", `{} {}`, nil, 400, `behind the document`, ""},
		{"POST", "/v1/levels/1/pause", `{} ]`, nil, 400, `behind the document`, ""},
		{"POST", "/v1/levels/1/pause", strings.Repeat(" ", maxBody+1), nil, 413, `larger than 65536 bytes`, ""},
		{"POST", "/v1/levels/7/resume", "", nil, 200, "{}", "resume 7 by ME"},
		{"POST", "/v1/levels/7/resume", `{"by":"\u0000"}`, nil, 400, "control characters", ""},
		{"POST", "/v1/levels/7/resume", "", fmt.Errorf("level 7 is not paused: %w", ErrNotFound), 404, `level 7 is not paused: not found`, "resume 7 by ME"},
		{"POST", "/v1/settings/reload", "", nil, 200, `{"changed":true,"hash":"c0ffee","text":"new"}`, "reload"},
		{"POST", "/v1/settings/reload", "", errors.New("settings.json:3:1: bad"), 409, `settings.json:3:1: bad`, "reload"},
		{"GET", "/v1/held", "", nil, 200, `{"held":[{"topic":"orders","partition":3,"offset":42,"level":7,"handler":"h","attempts":5,"reason":"no","at":"0001-01-01T00:00:00Z"}],"count":1}`, ""},
		{"GET", "/v1/held", "", errors.New("not started yet"), 409, `{"error":"not started yet"}`, ""},
		{"POST", "/v1/held/retry", `{"topic":"orders","partition":3,"offset":42,"by":"ann"}`, nil, 200, "{}", "retry orders/3@42 by ME (ann)"},
		{"POST", "/v1/held/skip", `{"topic":"orders","partition":0,"offset":0}`, nil, 200, "{}", "skip orders/0@0 by ME"},
		{"POST", "/v1/held/skip", `{"topic":"orders","partition":3,"offset":1}`, fmt.Errorf("orders/3@1: %w", ErrNotFound), 404, "not found", "skip orders/3@1 by ME"},
		{"POST", "/v1/held/skip", `{"topic":"orders","partition":3}`, nil, 400, "want topic, partition and offset", ""},
		{"POST", "/v1/held/skip", "", nil, 400, "want topic, partition and offset", ""},
		{"POST", "/v1/held/retry", `{"topic":"orders","partition":3,"offset":"42"}`, nil, 400, "read request", ""},
		{"POST", "/v1/held/retry", `{"topic":"orders","partition":3,"offset":42,"all":true}`, nil, 400, "unknown field", ""},
		{"POST", "/v1/held/retry", `{"topic":"orders","partition":3,"offset":42,"by":"a\nb"}`, nil, 400, "control characters", ""},
		{"POST", "/v1/held", "{}", nil, 405, "", ""},
		{"GET", "/v1/loglevels", "", nil, 200, `{"":"info","kafka":"info"}`, ""},
		{"POST", "/v1/loglevels", `{"room":"kafka","level":"debug"}`, nil, 200, `{"":"info","kafka":"debug"}`, ""},
		{"POST", "/v1/loglevels", `{"room":"x","level":"debug"}`, nil, 400, `there is no room`, ""},
		{"GET", "/v1/levels/7/pause", "", nil, 405, "", ""},
		{"POST", "/v1/status", "", nil, 405, "", ""},
		{"GET", "/v1/nothing", "", nil, 404, "", ""},
		{"GET", "/", "", nil, 404, "", ""},
	} {
		p.err = c.err
		code, text := send(t, client, c.method, "http://boostd"+c.path, c.body)
		text, asked := strings.ReplaceAll(text, `"by":"`+me(t), `"by":"ME`), strings.ReplaceAll(p.said(), "by "+me(t), "by ME")
		if code != c.code || !strings.Contains(text, c.text) || asked != c.asked {
			t.Errorf("%s %s %.40q (%v): %d %.200s, asked %q", c.method, c.path, c.body, c.err, code, text, asked)
		}
	}
}

// TestPortOnlyShows: whatever changes something isn't there.
func TestPortOnlyShows(t *testing.T) {
	p := &puppet{status: &Status{}}
	s, _ := start(t, p)
	for path, want := range map[string]int{"/v1/status": 200, "/v1/held": 200, "/metrics": 200, "/healthz": 200, "/readyz": 200, "/v1/loglevels": 404} {
		if code, text := send(t, http.DefaultClient, "GET", "http://"+s.Addr().String()+path, ""); code != want {
			t.Errorf("GET %s: %d %s", path, code, text)
		}
	}
	for _, path := range []string{"/v1/levels/7/pause", "/v1/levels/7/resume", "/v1/settings/reload", "/v1/loglevels", "/v1/held/retry", "/v1/held/skip"} {
		if code, text := send(t, http.DefaultClient, "POST", "http://"+s.Addr().String()+path, "{}"); code != 404 {
			t.Errorf("POST %s: %d %s", path, code, text)
		}
	}
	if asked := p.said(); asked != "" {
		t.Errorf("the daemon was asked for: %s", asked)
	}
}

// TestStatusIsEncodedOnce: who asks often gets the same bytes.
func TestStatusIsEncodedOnce(t *testing.T) {
	var c statusCache
	one, other := &Status{Version: "1"}, &Status{Version: "2"}
	first, err := c.encode(one)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := c.encode(one); &again[0] != &first[0] {
		t.Error("the same status was encoded again")
	}
	if next, _ := c.encode(other); !strings.Contains(string(next), `"version":"2"`) {
		t.Errorf("another status is %s", next)
	}
	if !strings.Contains(string(first), `"version":"1"`) {
		t.Errorf("the first one has become %s", first)
	}
}

// TestStatusSaysNullForUnknown: nobody may take what isn't known for 0.
func TestStatusSaysNullForUnknown(t *testing.T) {
	text, err := json.Marshal(Status{Levels: []Level{{}}, Consumers: []Consumer{{}}, Handlers: []Handler{{}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"broker":null`, `"oldest_ms":null`, `"rate":null`, `"drain_s":null`, `"commit_age_ms":null`, `"mean_us":null`, `"loaded_at":null`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s is missing in %s", want, text)
		}
	}
}

func TestPanicIsAnswered(t *testing.T) {
	var log strings.Builder
	_, socket := start(t, &puppet{panics: true}, func(o *Options) {
		o.Logger = hclog.New(&hclog.LoggerOptions{Output: &log, Level: hclog.Error})
	})
	if code, text := send(t, over(t, socket), "GET", "http://boostd/v1/status", ""); code != 500 || !strings.Contains(text, "log") {
		t.Errorf("%d %s", code, text)
	}
	if !strings.Contains(log.String(), "a planted mistake") || !strings.Contains(log.String(), "server_test.go") {
		t.Errorf("the log has %s", log.String())
	}
}

// TestHeadersAreBounded sends just as much as is read: more would reset the
// connection, sometimes before the answer is seen.
func TestHeadersAreBounded(t *testing.T) {
	s, _ := start(t, &puppet{status: &Status{}})
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const slack = 4 << 10 // that net/http adds
	begin := "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: "
	if _, err := io.WriteString(conn, begin+strings.Repeat("x", maxHeader+slack-len(begin))); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header that is too large: %s", response.Status)
	}
}

// TestConnectionsAreBounded: those above the limit wait, and are served when
// another goes.
func TestConnectionsAreBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	bounded := limit(l, 1)
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			conn, err := bounded.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	for range 3 {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	for range 3 {
		conn := <-accepted
		select {
		case <-accepted:
			t.Fatal("two connections at once")
		default:
		}
		_ = conn.Close()
		_ = conn.Close() // gives one place back, not two
	}
	_ = l.Close()
	<-accepted
}

// TestCloseEndsWaitingRequests: a request that isn't answered can't hold the stop
// up longer than it may take.
func TestCloseEndsWaitingRequests(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "b.sock")
	s, err := Start(Options{Socket: socket, Daemon: fake{hangs: true}, Logger: hclog.NewNullLogger()})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /v1/status HTTP/1.1\r\nHost: boostd\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_ = s.Close(ctx) // with an error, unless the request had not begun
	if took := time.Since(began); took > patience {
		t.Errorf("close took %v", took)
	}
	if _, err := net.Dial("unix", socket); err == nil {
		t.Error("the socket is still there")
	}
}

package plugins

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func serve(t testing.TB, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

// serveRaw answers every connection with bytes of its own, after it has read
// the request's head.
func serveRaw(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer conn.Close()
				// All of the request: what isn't read when a connection is closed resets it.
				r, err := http.ReadRequest(bufio.NewReader(conn))
				if err == nil {
					_, err = io.Copy(io.Discard, r.Body)
				}
				if err == nil {
					answer(conn)
				}
			})
		}
	})
	t.Cleanup(func() { listener.Close(); open.Wait() })
	return "http://" + listener.Addr().String()
}

func TestHTTPStatusCodes(t *testing.T) {
	for _, c := range []struct {
		status  int
		after   string
		body    string
		outcome boostd.Outcome
		wait    time.Duration
		reason  string
	}{
		{200, "", "ok", boostd.Done, 0, ""},
		{201, "5", "", boostd.Done, 0, ""},
		{204, "", "", boostd.Done, 0, ""},
		{299, "", "", boostd.Done, 0, ""},
		{301, "", "", boostd.Dead, 0, "answered 301 Moved Permanently: redirects aren't followed, set http: to the final address"},
		{304, "", "", boostd.Dead, 0, "answered 304 Not Modified: redirects"},
		{307, "3", "", boostd.Dead, 0, "answered 307 Temporary Redirect: redirects"},
		{400, "7", "no such\nfield \x1b[1m", boostd.Dead, 0, "answered 400 Bad Request: no such field [1m"},
		{401, "", "", boostd.Dead, 0, "answered 401 Unauthorized"},
		{404, "", "", boostd.Dead, 0, "answered 404 Not Found"},
		{408, "", "", boostd.Retry, 0, "answered 408 Request Timeout"},
		{409, "", "", boostd.Dead, 0, "answered 409 Conflict"},
		{413, "", "", boostd.Dead, 0, "answered 413 Request Entity Too Large"},
		{425, "1", "", boostd.Retry, time.Second, "answered 425 Too Early"},
		{429, "120", "slow down", boostd.Retry, 2 * time.Minute, "answered 429 Too Many Requests: slow down"},
		{431, "", "", boostd.Dead, 0, "answered 431"},
		{499, "", "", boostd.Dead, 0, "answered 499"},
		{500, "", strings.Repeat("e", 70000), boostd.Retry, 0, "answered 500 Internal Server Error: " + strings.Repeat("e", 200) + "…"},
		{501, "", "", boostd.Retry, 0, "answered 501 Not Implemented"},
		{503, "7200", "", boostd.Retry, time.Hour, "answered 503 Service Unavailable"},
		{599, "", "", boostd.Retry, 0, "answered 599"},
	} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			followed := false
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/elsewhere" {
					followed = true
				}
				w.Header().Set("Location", "/elsewhere")
				if c.after != "" {
					w.Header().Set("Retry-After", c.after)
				}
				w.WriteHeader(c.status)
				io.WriteString(w, c.body)
			})
			h := newHandler(t, Config{HTTP: url}, nil)
			r := attempt(t, t.Context(), h, boostd.Message{Value: []byte("v")})
			if r.Outcome != c.outcome || r.After != c.wait || !strings.HasPrefix(r.Reason, c.reason) || c.reason == "" && r.Reason != "" {
				t.Errorf("result %+v, want %v after %v, %q", r, c.outcome, c.wait, c.reason)
			}
			if len(r.Reason) > 300 || followed {
				t.Errorf("%d bytes of reason, redirect followed: %v", len(r.Reason), followed)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, " 30 ": 30 * time.Second, "3600": time.Hour, "3601": time.Hour,
		"99999999999999999999999": time.Hour, "-5": 0, "1.5": 0, "+3": 0, "soon": 0, "5s": 0,
		"Fri, 02 Jan 2026 03:04:35 GMT":  30 * time.Second,
		"Fri, 02 Jan 2026 03:04:00 GMT":  0,
		"Sat, 03 Jan 2026 03:04:35 GMT":  time.Hour,
		"Friday, 02-Jan-26 03:05:05 GMT": time.Minute,
		"Fri Jan  2 03:04:15 2026":       10 * time.Second,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("Retry-After %q is %v, want %v", text, got, want)
		}
	}
}

func TestHTTPRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	h := newHandler(t, Config{HTTP: url + "/handle?q=1"}, nil)
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	for _, c := range []struct {
		name    string
		message boostd.Message
		want    map[string]string
		absent  []string
	}{
		{"everything", boostd.Message{
			Topic: "orders_7", Partition: 3, Offset: 1042, Level: 7, Attempt: 2,
			Key: []byte("k 1"), Value: []byte(`{"a":1}`),
			ProducedAt: time.Date(2026, 1, 2, 4, 4, 5, 600, time.FixedZone("", 3600)),
			Headers:    []boostd.Header{{Key: "trace", Value: []byte("t-1")}},
		}, map[string]string{
			"Boostd-Topic": "orders_7", "Boostd-Partition": "3", "Boostd-Offset": "1042", "Boostd-Level": "7",
			"Boostd-Attempt": "2", "Boostd-Key": "k 1", "Boostd-Timestamp": "2026-01-02T03:04:05.0000006Z",
			"Boostd-Header-Trace": "t-1", "Content-Type": "application/json", "User-Agent": "boostd", "Content-Length": "7",
		}, []string{"Boostd-Tombstone", "Boostd-Key-B64", "Accept-Encoding"}},
		{"binary key", boostd.Message{Key: []byte{0, 0xff, '\n'}, Value: []byte("text")}, map[string]string{
			"Boostd-Key-B64": "AP8K", "Content-Type": "application/octet-stream",
		}, []string{"Boostd-Key", "Boostd-Timestamp"}},
		{"empty key, empty value", boostd.Message{Key: []byte{}, Value: []byte{}}, map[string]string{
			"Boostd-Key": "", "Content-Type": "application/octet-stream", "Content-Length": "0",
		}, []string{"Boostd-Key-B64", "Boostd-Tombstone"}},
		{"tombstone", boostd.Message{Key: []byte("k")}, map[string]string{
			"Boostd-Tombstone": "true", "Content-Length": "0",
		}, []string{"Content-Type"}},
		{"1 MiB", boostd.Message{Value: big}, map[string]string{"Content-Length": "1048576"}, []string{"Boostd-Key", "Boostd-Key-B64"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if r := attempt(t, t.Context(), h, c.message); r.Outcome != boostd.Done {
				t.Fatalf("result %+v", r)
			}
			if got.Method != http.MethodPost || got.URL.String() != "/handle?q=1" || sha256.Sum256(body) != sha256.Sum256(c.message.Value) {
				t.Errorf("got %s %s with %d bytes", got.Method, got.URL, len(body))
			}
			for name, want := range c.want {
				if values := got.Header[name]; len(values) != 1 || values[0] != want {
					t.Errorf("%s is %q, want %q", name, values, want)
				}
			}
			for _, name := range c.absent {
				if values, ok := got.Header[name]; ok {
					t.Errorf("%s is %q, want it absent", name, values)
				}
			}
		})
	}
}

func TestHTTPConnectionErrors(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	t.Cleanup(tls.Close)
	reset := func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }
	say := func(text string) func(net.Conn) { return func(c net.Conn) { io.WriteString(c, text) } }
	for _, c := range []struct{ name, url, reason string }{
		{"refused", "http://" + listener.Addr().String(), "connection refused"},
		{"reset", serveRaw(t, reset), "connection reset"},
		{"closed", serveRaw(t, func(net.Conn) {}), "server closed the connection"},
		{"name", "http://no-such-name.invalid/?token=canary", "name not found: no-such-name.invalid"},
		{"certificate", tls.URL, "certificate refused: x509: certificate signed by unknown authority"},
		{"not HTTP", serveRaw(t, say("SSH-2.0-x\r\n\r\n")), "no answer: net/http: HTTP/1.x transport connection broken: malformed HTTP response"},
		{"mid-answer", serveRaw(t, say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")), "answered 200 OK, but not to the end: server closed the connection"},
		{"mid-chunk", serveRaw(t, say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf")), "answered 200 OK, but not to the end: server closed the connection"},
		{"mid-error", serveRaw(t, say("HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nhalf")), "answered 500 Internal Server Error: half"},
		{"huge head", serveRaw(t, say("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1<<20)+"\r\n\r\n")), "no answer: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHandler(t, Config{HTTP: c.url}, nil)
			r := attempt(t, t.Context(), h, boostd.Message{Value: []byte("canary")})
			if r.Outcome != boostd.Retry || !strings.HasPrefix(r.Reason, c.reason) || strings.Contains(r.Reason, "canary") || len(r.Reason) > 300 {
				t.Errorf("result %+v, want retry, %q", r, c.reason)
			}
		})
	}
}

func TestHTTPEndsWithItsContext(t *testing.T) {
	release := make(chan struct{})
	var asked atomic.Pointer[chan struct{}]
	wait := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			w.WriteHeader(http.StatusOK)
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
		}
		close(*asked.Load())
		<-release
	}
	url := serve(t, wait)
	t.Cleanup(func() { close(release) })
	for _, path := range []string{"/head", "/body"} {
		for _, c := range []struct {
			cause  error
			reason string
		}{{nil, "cancelled"}, {errors.New("overrun"), "timed out"}} {
			h := newHandler(t, Config{HTTP: url + path}, nil)
			arrived := make(chan struct{})
			asked.Store(&arrived)
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() {
				<-arrived
				cancel(c.cause)
			}()
			r := attempt(t, ctx, h, boostd.Message{Value: []byte("v")})
			if r.Outcome != boostd.Retry || !strings.HasSuffix(r.Reason, c.reason) {
				t.Errorf("%s: result %+v, want retry, %s", path, r, c.reason)
			}
		}
	}
}

// A server may refuse a large value without reading it.
func TestHTTPValueTooLargeIsDead(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<16)); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})
	h := newHandler(t, Config{HTTP: url}, nil)
	for i := range 50 {
		r := attempt(t, t.Context(), h, boostd.Message{Value: make([]byte, 8<<20)})
		if r.Outcome != boostd.Dead || r.Reason != "answered 413 Request Entity Too Large" {
			t.Fatalf("attempt %d: result %+v, want dead, 413", i, r)
		}
	}
}

func TestHTTPKeepsConnections(t *testing.T) {
	const slots = 8
	var connections atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, strings.Repeat("e", 60000))
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	h := newHandler(t, Config{HTTP: s.URL, Slots: slots}, nil)
	var calls sync.WaitGroup
	for range slots {
		calls.Go(func() {
			h.Handle(t.Context(), &endless{message: boostd.Message{Value: []byte("v")}, left: 50})
		})
	}
	calls.Wait()
	// A connection may be opened for a request that is then given one that came free.
	if n := connections.Load(); n > 2*slots {
		t.Errorf("%d connections for %d requests over %d slots", n, 50*slots, slots)
	}
}

// An answer without end costs its connection, not the message.
func TestHTTPHugeAnswer(t *testing.T) {
	ended := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		for block := make([]byte, 1<<16); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	h := newHandler(t, Config{HTTP: url}, nil)
	if r := attempt(t, t.Context(), h, boostd.Message{Value: []byte("v")}); r.Outcome != boostd.Done {
		t.Errorf("result %+v, want done", r)
	}
	<-ended
}

func TestHTTPIgnoresProxiesOfTheEnvironment(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	d, err := newHTTPDoer(Config{HTTP: "http://service.example/"}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.transport.Proxy != nil {
		t.Error("the transport looks for a proxy")
	}
}

// The transport may go on reading the body after the attempt: it must find
// nothing of the message there.
func TestDroppedPayloadIsUnreadable(t *testing.T) {
	p := newPayload(bytes.Repeat([]byte("secret"), keptBuffer))
	first, _ := p.open()
	if n, err := first.Read(make([]byte, 3)); n != 3 || err != nil {
		t.Fatalf("read %d, %v", n, err)
	}
	again, _ := p.open()
	if all, err := io.ReadAll(again); len(all) != 6*keptBuffer || err != nil {
		t.Errorf("second reader: %d bytes, %v", len(all), err)
	}
	p.drop()
	value := []byte("secret")
	small := newPayload(value)
	third, _ := small.open()
	clear(value)
	small.drop()
	if all, err := io.ReadAll(third); string(all) != "secret" || err != nil {
		t.Errorf("a small value must be a copy: %q, %v", all, err)
	}
	for _, r := range []io.Reader{first, again} {
		if n, err := r.Read(make([]byte, 3)); n != 0 || !errors.Is(err, errDropped) {
			t.Errorf("read %d, %v after drop", n, err)
		}
	}
}

func BenchmarkHTTP(b *testing.B) {
	url := serve(b, func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	for _, slots := range []int{1, 16} {
		b.Run(fmt.Sprintf("slots=%d", slots), func(b *testing.B) {
			benchmarkSlots(b, newHandler(b, Config{HTTP: url, Slots: slots}, nil), slots)
		})
	}
}

// benchmarkSlots handles b.N messages on so many slots.
func benchmarkSlots(b *testing.B, h *Handler, slots int) {
	m := boostd.Message{Topic: "orders", Key: []byte("k"), Value: bytes.Repeat([]byte("v"), 256), Attempt: 1}
	b.ReportAllocs()
	var calls sync.WaitGroup
	for i := range slots {
		calls.Go(func() {
			e := &endless{message: m, left: (b.N + i) / slots}
			h.Handle(b.Context(), e)
			if e.failed > 0 {
				b.Errorf("%d attempts failed", e.failed)
			}
		})
	}
	calls.Wait()
}

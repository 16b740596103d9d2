package plugins

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// pile is work whose results may come in any order, once each.
type pile struct {
	messages []*boostd.Message
	next     int
	results  map[*boostd.Message]boostd.Result
}

func newPile(n int, message func(i int) boostd.Message) *pile {
	p := &pile{results: map[*boostd.Message]boostd.Result{}}
	for i := range n {
		m := message(i)
		p.messages = append(p.messages, &m)
	}
	return p
}

func (p *pile) Next() (*boostd.Message, bool) {
	if p.next == len(p.messages) {
		return nil, false
	}
	p.next++
	return p.messages[p.next-1], true
}

func (p *pile) Report(m *boostd.Message, r boostd.Result) {
	if _, twice := p.results[m]; twice || !slices.Contains(p.messages[:p.next], m) {
		panic("reported a message twice, or one that wasn't taken")
	}
	p.results[m] = r
}

func (p *pile) result(i int) boostd.Result { return p.results[p.messages[i]] }

func numbered(i int) boostd.Message {
	return boostd.Message{Topic: "orders", Offset: int64(i), Attempt: 1, Key: []byte("k"), Value: fmt.Appendf(nil, `{"n":%d}`, i)}
}

// told is what the service reads of a message.
type told struct {
	ID     int
	Offset int
	Value  string
}

// readBatch reads a request as a service does.
func readBatch(t testing.TB, r *http.Request) (all []told) {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &all)
	}
	if err != nil || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Boostd-Batch") != strconv.Itoa(len(all)) {
		t.Errorf("request %v with %.100q: %v", r.Header, body, err)
	}
	return all
}

func batchHandler(t testing.TB, url string, most int) *Handler {
	t.Helper()
	return newHandler(t, Config{HTTP: url, Batch: BatchConfig{Max: most}}, nil)
}

func TestHTTPBatch(t *testing.T) {
	var sizes []int
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		all := readBatch(t, r)
		sizes = append(sizes, len(all))
		var answers []string
		for i, m := range all {
			if m.ID != i+1 || m.Value != fmt.Sprintf(`{"n":%d}`, m.Offset) {
				t.Errorf("message %d is %+v", i, m)
			}
			result := `"result":"done"`
			if m.Offset%3 == 0 {
				result = fmt.Sprintf(`"result":"dead","error":"n is %d"`, m.Offset)
			}
			answers = append(answers, fmt.Sprintf(`{"id":%d,%s}`, m.ID, result))
		}
		slices.Reverse(answers)
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, "["+strings.Join(answers, ",\n")+"]")
	})
	p := newPile(23, numbered)
	batchHandler(t, url, 10).Handle(t.Context(), p)
	if !slices.Equal(sizes, []int{10, 10, 3}) {
		t.Errorf("requests of %v messages", sizes)
	}
	for i := range p.messages {
		want := done()
		if i%3 == 0 {
			want = dead(fmt.Sprintf("n is %d", i))
		}
		if r := p.result(i); r != want {
			t.Errorf("message %d: result %+v, want %+v", i, r, want)
		}
	}
}

func TestHTTPBatchAnswers(t *testing.T) {
	missing := retry("answered without a result for this message")
	all := func(r boostd.Result) []boostd.Result { return same(3, r) }
	for _, c := range []struct {
		name, answer string
		status       int
		want         []boostd.Result
		odd          bool
	}{
		{"all", `[{"id":1,"result":"done"},{"id":3,"result":"retry","after_ms":70},{"id":2,"result":"dead","error":"no\nstock"}]`, 200,
			[]boostd.Result{done(), dead("no stock"), {Outcome: boostd.Retry, After: 70 * time.Millisecond, Reason: "service said retry"}}, false},
		{"one missing", `[{"id":1,"result":"done"},{"id":3,"result":"done"}]`, 201, []boostd.Result{done(), missing, done()}, false},
		{"one doubled", `[{"id":1,"result":"dead","error":"x"},{"id":1,"result":"done"},{"id":2,"result":"done"},{"id":3,"result":"done"}]`, 200,
			[]boostd.Result{dead("x"), done(), done()}, true},
		{"unknown ids", `[{"id":0,"result":"done"},{"id":4,"result":"done"},{"result":"done"},{"id":18446744073709551615,"result":"done"},{"id":2,"result":"done"}]`, 200,
			[]boostd.Result{missing, done(), missing}, true},
		{"entries that are none", `[null,7,"x",[],{},{"id":"1"},{"id":-1},{"id":1.5},{"id":3,"result":"done"}]`, 200,
			[]boostd.Result{missing, missing, done()}, true},
		{"bad results", `[{"id":1,"result":"maybe"},{"id":2,"result":"retry","after_ms":-1},{"id":3,"result":7}]`, 200, []boostd.Result{
			retry(errResult.Error()), retry(errAfter.Error()), retry("answered with a result that isn't the JSON object expected")}, false},
		{"none", `[]`, 200, all(missing), false},
		{"nothing", ``, 204, all(retry("answered 204 No Content, " + errNoResults.Error())), false},
		{"null", `null`, 200, all(retry("answered 200 OK, " + errNoResults.Error())), false},
		{"garbage", `ok`, 200, all(retry("answered 200 OK, " + errNoResults.Error())), false},
		{"an object", `{"id":1,"result":"done"}`, 200, all(retry("answered 200 OK, " + errNoResults.Error())), false},
		{"half", `[{"id":1,"result":"done"},{"id":2,"res`, 200, all(retry("answered 200 OK, " + errNoResults.Error())), false},
		{"two arrays", `[{"id":1,"result":"done"}][]`, 200, all(retry("answered 200 OK, " + errNoResults.Error())), false},
		{"long", `[` + strings.Repeat(" ", maxAnswer+3*maxBatchAnswer) + `]`, 200, all(retry("answered 200 OK, with more than 77824 bytes for 3 messages")), false},
		{"500", `[{"id":1,"result":"done"}]`, 500, all(boostd.Result{Outcome: boostd.Retry, After: 7 * time.Second,
			Reason: `answered 500 Internal Server Error: [{"id":1,"result":"done"}]`}), false},
		{"503", ``, 503, all(boostd.Result{Outcome: boostd.Retry, After: 7 * time.Second, Reason: "answered 503 Service Unavailable"}), false},
		{"400", `no`, 400, all(dead("answered 400 Bad Request: no")), false},
		{"redirect", ``, 307, all(dead("answered 307 Temporary Redirect: redirects aren't followed, set http: to the final address")), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				w.Header().Set("Retry-After", "7")
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				io.WriteString(w, c.answer)
			})
			var log output
			h := newHandler(t, Config{HTTP: url, Batch: BatchConfig{Max: 3}}, log.logger())
			p := newPile(3, numbered)
			h.Handle(t.Context(), p)
			for i, want := range c.want {
				if r := p.result(i); r != want {
					t.Errorf("message %d: result %+v, want %+v", i+1, r, want)
				}
			}
			if noted := strings.Contains(log.String(), "passed over"); noted != c.odd {
				t.Errorf("log is %q", log.String())
			}
		})
	}
}

func TestHTTPBatchFaults(t *testing.T) {
	endless := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for block := bytes.Repeat([]byte(" "), 1<<16); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	say := func(text string) func(net.Conn) { return func(c net.Conn) { io.WriteString(c, text) } }
	for _, c := range []struct{ name, url, reason string }{
		{"reset", serveRaw(t, func(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }), "connection reset"},
		{"endless", endless, "answered 200 OK, with more than "},
		{"mid-answer", serveRaw(t, say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{\"id\":1")), "answered 200 OK, but not to the end: server closed the connection"},
		{"not HTTP", serveRaw(t, say("SSH-2.0-x\r\n\r\n")), "no answer: net/http: HTTP/1.x transport connection broken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPile(5, numbered)
			batchHandler(t, c.url, 5).Handle(t.Context(), p)
			for i := range p.messages {
				if r := p.result(i); r.Outcome != boostd.Retry || !strings.HasPrefix(r.Reason, c.reason) || len(r.Reason) > 300 {
					t.Errorf("result %+v, want retry, %s", r, c.reason)
				}
			}
		})
	}
}

func TestSlowHTTPBatchTimesOut(t *testing.T) {
	release := make(chan struct{})
	for _, path := range []string{"/head", "/body"} {
		arrived := make(chan struct{})
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			if path == "/body" {
				io.WriteString(w, `[{"id":1,"result":"done"},`)
				w.(http.Flusher).Flush()
			}
			close(arrived)
			<-release
		})
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { <-arrived; cancel(errors.New("overrun")) }()
		p := newPile(5, numbered)
		batchHandler(t, url, 3).Handle(ctx, p)
		for i := range p.messages {
			if r := p.result(i); r.Outcome != boostd.Retry || !strings.HasSuffix(r.Reason, "timed out") {
				t.Errorf("%s: result %+v, want retry, timed out", path, r)
			}
		}
	}
	close(release)
}

// doneAll answers each message with done, and notes the requests' sizes.
func doneAll(t testing.TB, note func(size int, all []told)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		all := readBatch(t, r)
		note(int(r.ContentLength), all)
		var answer bytes.Buffer
		for i, m := range all {
			fmt.Fprintf(&answer, `%c{"id":%d,"result":"done"}`, "[,"[min(i, 1)], m.ID)
		}
		w.Write(append(answer.Bytes(), ']'))
	}
}

// Only a message alone makes a request of more than 1 MiB.
func TestHTTPBatchIsBoundedInBytes(t *testing.T) {
	lengths := []int{600 << 10, 300 << 10, 200 << 10, 2 << 20, 10, 10, 1 << 20, 10}
	var got [][]int
	url := serve(t, doneAll(t, func(size int, all []told) {
		offsets := []int{}
		for _, m := range all {
			offsets = append(offsets, m.Offset)
			if len(m.Value) != lengths[m.Offset] {
				t.Errorf("message %d has %d bytes", m.Offset, len(m.Value))
			}
		}
		got = append(got, offsets)
		if len(all) > 1 && size > maxBatchBody {
			t.Errorf("a request of %d messages has %d bytes", len(all), size)
		}
	}))
	p := newPile(len(lengths), func(i int) boostd.Message {
		return boostd.Message{Offset: int64(i), Value: bytes.Repeat([]byte("v"), lengths[i])}
	})
	batchHandler(t, url, 256).Handle(t.Context(), p)
	if want := "[[0 1] [2] [3] [4 5] [6] [7]]"; fmt.Sprint(got) != want {
		t.Errorf("requests are %v, want %s", got, want)
	}
	for i := range p.messages {
		if r := p.result(i); r != done() {
			t.Errorf("message %d: %+v", i, r)
		}
	}
}

// A message's last attempt is about that message alone.
func TestLastAttemptGoesAlone(t *testing.T) {
	var got []int
	url := serve(t, doneAll(t, func(_ int, all []told) { got = append(got, len(all)) }))
	attempts := []int{1, 2, 3, 1, 3, 3, 2, 1}
	h := newHandler(t, Config{HTTP: url, Batch: BatchConfig{Max: 100}, Retry: RetryConfig{Attempts: 3}}, nil)
	run := func() {
		got = nil
		h.Handle(t.Context(), newPile(len(attempts), func(i int) boostd.Message { return boostd.Message{Attempt: attempts[i]} }))
	}
	if run(); !slices.Equal(got, []int{2, 1, 1, 1, 1, 2}) {
		t.Errorf("requests have %v messages", got)
	}
	h.Reconfigure(Config{Retry: RetryConfig{Attempts: 4}, Batch: BatchConfig{Max: 100}})
	if run(); !slices.Equal(got, []int{8}) {
		t.Errorf("requests have %v messages after a reload", got)
	}
	// Where there is but one attempt, each is the last.
	h.Reconfigure(Config{Retry: RetryConfig{Attempts: 1}, Batch: BatchConfig{Max: 100}})
	attempts = []int{1, 1, 1}
	if run(); !slices.Equal(got, []int{3}) {
		t.Errorf("requests have %v messages of one attempt", got)
	}
}

// Final and Again count for the messages of a batch, too.
func TestHTTPBatchIsJudged(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `[{"id":1,"result":"dead","error":"no stock"},{"id":2,"result":"retry","error":"no account"}]`)
	})
	h := newHandler(t, Config{HTTP: url, Batch: BatchConfig{Max: 2}, Retry: RetryConfig{Final: []string{"account"}, Again: []string{"stock"}}}, nil)
	p := newPile(2, numbered)
	h.Handle(t.Context(), p)
	if p.result(0).Outcome != boostd.Retry || p.result(1).Outcome != boostd.Dead {
		t.Errorf("results %+v", p.results)
	}
}

func FuzzReadResults(f *testing.F) {
	f.Add([]byte(`[{"id":1,"result":"done"},{"id":2,"result":"retry","after_ms":5}]`), 2)
	f.Add([]byte(`[{"id":1},{"id":1},null]`), 1)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		n = 1 + int(uint(n)%maxBatch)
		results, _, err := readResults(bytes.NewReader(data), n)
		if (err == nil) != (len(results) == n) {
			t.Fatalf("%d results for %d messages, %v", len(results), n, err)
		}
		for _, r := range results {
			if r.Outcome < boostd.Done || r.Outcome > boostd.Dead || r.After < 0 || r.After > time.Hour || len(r.Reason) > maxText+10 {
				t.Errorf("result %+v", r)
			}
		}
	})
}

// BenchmarkHTTPBatch is the handler and a service in one process, which reads and
// answers every message.
func BenchmarkHTTPBatch(b *testing.B) {
	url := serve(b, doneAll(b, func(int, []told) {}))
	for _, most := range []int{16, 64, 256} {
		for _, slots := range []int{1, 4} {
			b.Run(fmt.Sprintf("max=%d/slots=%d", most, slots), func(b *testing.B) {
				h := newHandler(b, Config{HTTP: url, Slots: slots, Batch: BatchConfig{Max: most}}, nil)
				benchmarkSlots(b, h, slots)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			})
		}
	}
}

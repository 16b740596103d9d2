package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
)

// request is what the service was sent.
type request struct {
	http.Header
	body    []byte
	attempt int
}

// at is the message's place in words.
func (r request) at() string {
	return r.Get("Boostd-Topic") + "/" + r.Get("Boostd-Partition") + "@" + r.Get("Boostd-Offset")
}

// service is an HTTP service that a daemon under test posts to. It keeps every
// request and answers as the test says.
type service struct {
	*httptest.Server
	mu  sync.Mutex
	got []request
}

// serve starts a service; answer may be nil: 200 to everything.
func serve(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, got request)) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the daemon has given up
		}
		attempt, err := strconv.Atoi(r.Header.Get("Boostd-Attempt"))
		if err != nil {
			t.Errorf("Boostd-Attempt: %v", err)
		}
		got := request{r.Header.Clone(), bytes.Clone(body), attempt}
		s.mu.Lock()
		s.got = append(s.got, got)
		s.mu.Unlock()
		if answer != nil {
			answer(w, r, got)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// count is how many requests came.
func (s *service) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

// requests are those that came so far, by place of their message; of several
// attempts the last.
func (s *service) requests() map[string]request {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]request{}
	for _, r := range s.got {
		all[r.at()] = r
	}
	return all
}

// hang keeps a request until its sender gives up.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// say sends bytes that may be no HTTP, and hangs up.
func say(t *testing.T, w http.ResponseWriter, text string) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, text) // a peer that has gone saw enough
}

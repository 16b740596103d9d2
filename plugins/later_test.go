package plugins

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// A service that takes a message says later what became of it.
func TestResultsThatComeLater(t *testing.T) {
	for name, c := range map[string]struct {
		lease string
		after func(l *Later, token string) error // called before the answer
		want  boostd.Result
	}{
		"done": {"60", func(l *Later, token string) error { return l.Settle(token, done()) }, done()},
		"retry": {"60", func(l *Later, token string) error {
			return l.Settle(token, boostd.Result{Outcome: boostd.Retry, Reason: "no\nstock", After: 99 * time.Hour})
		}, boostd.Result{Outcome: boostd.Retry, Reason: "no stock", After: maxAfter}},
		"dead":          {"60", func(l *Later, token string) error { return l.Settle(token, boostd.Result{Outcome: boostd.Dead}) }, dead("service said dead")},
		"no result":     {"1", func(*Later, string) error { return nil }, retry("the lease is over, and no result has come")},
		"longer":        {"1", extendThenSettle, done()},
		"no lease":      {"", func(*Later, string) error { return nil }, done()},
		"a strange one": {"soon", func(*Later, string) error { return nil }, done()},
		"twice":         {"60", settleTwice, done()},
		"somebody else's": {"1", func(l *Later, _ string) error {
			if err := l.Settle("0123", done()); !errors.Is(err, ErrNoLease) {
				return errors.New("a token that there isn't has a result")
			}
			return nil
		}, retry("the lease is over, and no result has come")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var later Later
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if err := c.after(&later, r.Header.Get("Boostd-Token")); err != nil {
					t.Error(err)
				}
				if c.lease != "" {
					w.Header().Set("Boostd-Lease", c.lease)
				}
				w.WriteHeader(http.StatusAccepted)
			})
			h := laterHandler(t, url, &later)
			if r := attempt(t, t.Context(), h, boostd.Message{Topic: "t"}); r != c.want {
				t.Errorf("%+v, want %+v", r, c.want)
			}
			if len(later.open) > 0 {
				t.Errorf("%d leases are left", len(later.open))
			}
		})
	}
}

func extendThenSettle(l *Later, token string) error {
	err := errors.Join(l.Extend(token, time.Nanosecond), l.Extend(token, time.Minute)) // the last one counts
	time.AfterFunc(1500*time.Millisecond, func() { _ = l.Settle(token, done()) })
	return err
}

func settleTwice(l *Later, token string) error {
	if err := l.Settle(token, done()); err != nil {
		return err
	}
	if err := l.Settle(token, dead("no")); !errors.Is(err, ErrNoLease) {
		return errors.New("a second result counts")
	}
	if err := l.Extend(token, time.Minute); !errors.Is(err, ErrNoLease) {
		return errors.New("what is settled can be extended")
	}
	return nil
}

func laterHandler(t *testing.T, url string, later *Later) *Handler {
	t.Helper()
	c := Config{HTTP: url, HTTPOptions: HTTPOptions{Later: true}}
	c.SetDefaults()
	h, err := New("orders", c, Options{Later: later})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// The handler's own timeout, and its stop, end a lease.
func TestLeaseEndsWithTheAttempt(t *testing.T) {
	var later Later
	ctx, cancel := context.WithCancelCause(t.Context())
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Boostd-Lease", "3600")
		w.WriteHeader(http.StatusAccepted)
		time.AfterFunc(20*time.Millisecond, func() { cancel(errors.New("overrun")) })
	})
	if r := attempt(t, ctx, laterHandler(t, url, &later), boostd.Message{}); r != retry("timed out") {
		t.Errorf("%+v", r)
	}
}

// Without http_options.later nobody is given a token, and 202 is done.
func TestNoTokenUnlessAskedFor(t *testing.T) {
	var mu sync.Mutex
	var token []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		token = r.Header["Boostd-Token"]
		w.Header().Set("Boostd-Lease", "3600")
		w.WriteHeader(http.StatusAccepted)
	})
	if r := attempt(t, t.Context(), newHandler(t, Config{HTTP: url}, nil), boostd.Message{}); r != done() || token != nil {
		t.Errorf("%+v, token %q", r, token)
	}
}

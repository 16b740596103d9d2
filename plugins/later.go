package plugins

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/kafkaboost/boostd"
)

// Later are attempts whose results come over another connection than the one that the
// message was handed over on: who has a message's token says what became of it, or that
// it takes longer. The zero value has none. Safe from any goroutine.
type Later struct {
	mu   sync.Mutex
	open map[string]*lease
}

// lease is one attempt that waits.
type lease struct {
	token  string
	result chan boostd.Result // has room for one: the first counts
	more   chan time.Duration // the same, and the last counts
}

// ErrNoLease says that nobody waits for that token's result: it is over, and the
// message is tried again, or there never was one.
var ErrNoLease = errors.New("nobody waits for a result with this token")

const (
	tokenBytes = 16
	// maxLease bounds a lease, beside the handler's timeout.
	maxLease = 24 * time.Hour
)

// begin makes a token, which can't be guessed.
func (l *Later) begin() *lease {
	text := make([]byte, tokenBytes)
	_, _ = rand.Read(text) // it never fails
	s := &lease{hex.EncodeToString(text), make(chan boostd.Result, 1), make(chan time.Duration, 1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[string]*lease{}
	}
	l.open[s.token] = s
	return s
}

func (l *Later) end(s *lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, s.token)
}

// Settle ends an attempt. The first result of a token counts; for a further one, and
// for others, the error is ErrNoLease.
func (l *Later) Settle(token string, r boostd.Result) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.open[token]
	if s == nil {
		return ErrNoLease
	}
	delete(l.open, token)
	r.Reason = printable([]byte(r.Reason), maxText)
	if r.Reason == "" && r.Outcome != boostd.Done {
		r.Reason = "service said " + r.Outcome.String()
	}
	r.After = min(r.After, maxAfter)
	s.result <- r
	return nil
}

// Extend has an attempt wait for so long from now on. The error is ErrNoLease.
func (l *Later) Extend(token string, d time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.open[token]
	if s == nil {
		return ErrNoLease
	}
	select {
	case <-s.more: // an older one doesn't count
	default:
	}
	s.more <- d
	return nil
}

// await waits for the result of a message that was taken for so long.
func (s *lease) await(ctx context.Context, d time.Duration) boostd.Result {
	timer := time.NewTimer(min(d, maxLease))
	defer timer.Stop()
	for {
		select {
		case r := <-s.result:
			return r
		case d := <-s.more:
			timer.Reset(min(d, maxLease))
		case <-timer.C:
			return retry("the lease is over, and no result has come")
		case <-ctx.Done():
			return retry(whyEnded(ctx))
		}
	}
}

// Headers of messages whose results may come later.
const (
	tokenHeader = "Boostd-Token"
	leaseHeader = "Boostd-Lease"
)

// leased is how long a service has taken a message for, in whole seconds of a header
// in its answer 202; false when the answer is the result.
func leased(resp *http.Response) (time.Duration, bool) {
	if resp.StatusCode != http.StatusAccepted {
		return 0, false
	}
	seconds, err := strconv.ParseUint(resp.Header.Get(leaseHeader), 10, 32)
	return time.Duration(seconds) * time.Second, err == nil && seconds > 0
}

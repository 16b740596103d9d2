package rig

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/console"
)

// Pair is two instances of one group under a stream of level 0, of which each has
// a part, while one alone has the partition of level 10. The messages go to a service
// that notes which instance has started them.
type Pair struct {
	*Setup
	// High is the number of the instance that has level 10, Low the other's.
	High, Low int
	// Processes are the instances by number.
	Processes [2]*Process

	t       testing.TB
	load    *Load // of level 10
	takes   time.Duration
	mended  chan struct{}
	mending sync.Once
	mu      sync.Mutex
	started []Started
}

// Started is a message that an instance has given to the handler.
type Started struct {
	Instance int
	Level    boostd.Level
	Value    string
	At       time.Time
	// Ended is zero while the handler has it.
	Ended time.Time
}

// Values of level 10's messages that mean something to a Pair's service: one that
// fails and waits half a minute for another attempt, one that is held, and one that
// hangs until Mend.
const (
	Failing10 = "fail"
	Bad10     = "bad"
	Hanging10 = "hang"
)

// StartPair runs two instances with gate.scope group and waits until both handle
// messages of level 0. A message of level 10 takes a while; there are two slots.
func StartPair(t testing.TB, c *Cluster, takes time.Duration) *Pair {
	t.Helper()
	p := &Pair{t: t, takes: takes, mended: make(chan struct{})}
	service := httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(service.Close)
	t.Cleanup(p.Mend) // before that: it waits for what hangs
	p.Setup = Plan(t, c.Brokers(t), Options{Min: 10, Partitions: 1, Extra: "gate: {scope: group}\ndrain: 1s",
		Handler: fmt.Sprintf("http: %q, slots: 2, timeout: 5m, retry: {attempts: 9, backoff: 30s, max_backoff: 30s}", service.URL+"/0")})
	p.Partitions = 2 // of level 0
	p.EnsureTopics(t, p.Base)
	p.Partitions = 1
	p.EnsureTopics(t, p.Topic(10))
	p.Processes[0] = p.Spawn(t)
	p.Processes[1] = p.Spawn(t, "--set", "handlers.work.http="+service.URL+"/1")
	p.load = p.Load(t)
	low := p.Load(t)
	ctx, cancel := context.WithCancel(context.Background())
	var stream sync.WaitGroup
	stream.Go(func() { low.Stream(ctx, 0, 20, 100) })
	t.Cleanup(func() { cancel(); stream.Wait() })
	Eventually(t, "both have a part of level 0, and one has level 10", p.divided)
	for n := range 2 {
		Eventually(t, fmt.Sprintf("instance %d handles level 0", n), func() bool { return p.Since(n, 0, time.Now().Add(-time.Second)) > 0 })
	}
	return p
}

// divided finds out who has level 10.
func (p *Pair) divided() bool {
	have := map[string][]int{} // instances by consumer
	for n := range 2 {
		s, err := console.Dial(p.ControlOf(n)).Status(p.t.Context())
		if err != nil || !s.Ready {
			return false
		}
		for _, k := range s.Consumers {
			if k.Partitions > 0 {
				have[k.Name] = append(have[k.Name], n)
			}
		}
	}
	if len(have["base"]) != 2 || len(have["10"]) != 1 {
		return false
	}
	p.High, p.Low = have["10"][0], 1-have["10"][0]
	return true
}

func (p *Pair) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	level, err2 := strconv.Atoi(r.Header.Get("Boostd-Level"))
	instance, err3 := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil || err2 != nil || err3 != nil {
		http.Error(w, fmt.Sprint(err, err2, err3), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	n := len(p.started)
	p.started = append(p.started, Started{Instance: instance, Level: boostd.Level(level), Value: string(body), At: time.Now()})
	p.mu.Unlock()
	switch value := string(body); {
	case value == Failing10:
		w.WriteHeader(http.StatusServiceUnavailable)
	case value == Bad10:
		w.WriteHeader(http.StatusUnprocessableEntity)
	case value == Hanging10:
		<-p.mended
	case level == 10:
		<-time.After(p.takes)
	}
	p.mu.Lock()
	p.started[n].Ended = time.Now()
	p.mu.Unlock()
}

// Send10 sends n messages of level 10 and returns when they were acknowledged.
func (p *Pair) Send10(value string, n int) time.Time {
	p.t.Helper()
	for range n {
		p.load.Send(Message{Level: 10, Value: []byte(value)})
	}
	p.load.Flush()
	return time.Now()
}

// Mend lets go of what hangs.
func (p *Pair) Mend() { p.mending.Do(func() { close(p.mended) }) }

// Starts are those of an instance, or of both with -1, of a level, so far.
func (p *Pair) Starts(instance int, level boostd.Level) []Started {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.started), func(s Started) bool {
		return instance >= 0 && s.Instance != instance || s.Level != level
	})
}

// Since counts an instance's starts of a level since a time.
func (p *Pair) Since(instance int, level boostd.Level, since time.Time) (n int) {
	for _, s := range p.Starts(instance, level) {
		if !s.At.Before(since) {
			n++
		}
	}
	return n
}

// Await10 waits until n messages of level 10 have left the handler, and returns when
// the last of them did.
func (p *Pair) Await10(n int) (ended time.Time) {
	p.t.Helper()
	EventuallyIn(p.t, 2*Patience, fmt.Sprintf("%d messages of level 10 have been handled", n), func() bool {
		all := p.Starts(-1, 10)
		for _, s := range all {
			if s.Ended.IsZero() {
				return false
			}
			if s.Ended.After(ended) {
				ended = s.Ended
			}
		}
		return len(all) >= n
	})
	return ended
}

// StatusOf is an instance's status.
func (p *Pair) StatusOf(n int) *console.Status {
	p.t.Helper()
	s, err := console.Dial(p.ControlOf(n)).Status(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

package chaos

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Mood is how the handler behaves: shares of all attempts, 0 to 1, and a
// message's time, drawn evenly from Work.
type Mood struct {
	Fail, Hangup, Hang float64
	// Dead is the share of messages that are refused for good, whatever else.
	Dead float64
	// Least and Most bound an attempt's time.
	Least, Most time.Duration
}

// usual is the mood between faults.
var usual = Mood{Fail: 0.02, Hangup: 0.005, Hang: 0.0005, Dead: 0.003, Least: time.Millisecond, Most: 8 * time.Millisecond}

// Ledger is the HTTP service that is every daemon's handler. What it does to an
// attempt depends on the seed, the message and the attempt alone.
type Ledger struct {
	journal *Journal
	seed    uint64
	mood    atomic.Pointer[Mood]
	server  *http.Server
	address string
	serving sync.WaitGroup

	mu   sync.Mutex
	over map[int64]bool
}

// OpenLedger serves on a free port of the loopback until Close.
func OpenLedger(j *Journal, seed uint64) (*Ledger, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve the handler: %w", err)
	}
	l := &Ledger{journal: j, seed: seed, address: "http://" + listener.Addr().String(), over: map[int64]bool{}}
	l.SetMood(usual)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{daemon}", l.handle)
	l.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	l.serving.Go(func() { _ = l.server.Serve(listener) }) // Close ends it
	return l, nil
}

// URL is the handler's address for one process of a daemon.
func (l *Ledger) URL(daemon string) string { return l.address + "/" + daemon }

// SetMood changes the behaviour of attempts that start from now on.
func (l *Ledger) SetMood(m Mood) { l.mood.Store(&m) }

// Close ends the service; what it serves then is abandoned.
func (l *Ledger) Close() {
	_ = l.server.Close()
	l.serving.Wait()
}

// Finished is how many different messages are done or refused for good.
func (l *Ledger) Finished() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.over)
}

// IsOver reports whether a message is done or refused for good.
func (l *Ledger) IsOver(id int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over[id]
}

// payload is a message's value.
type payload struct {
	ID int64 `json:"id"`
}

func (l *Ledger) handle(w http.ResponseWriter, r *http.Request) {
	a := Attempt{Start: l.journal.Now(), Daemon: r.PathValue("daemon")}
	var p payload
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &p) != nil {
		return // the daemon died as it asked, or it isn't one
	}
	a.ID, a.Topic = p.ID, r.Header.Get("Boostd-Topic")
	a.Number = number(r, "Boostd-Attempt")
	a.Partition, a.Offset = int32(number(r, "Boostd-Partition")), int64(number(r, "Boostd-Offset"))
	a.Level = number(r, "Boostd-Level")
	a.Result = l.work(r, &a)
	if a.Result == Done || a.Result == Dead {
		l.mu.Lock()
		l.over[a.ID] = true
		l.mu.Unlock()
	}
	// Before the answer: what the daemon commits then is finished in the history.
	a.End = l.journal.Now()
	l.journal.note(func(h *History) { h.Attempts = append(h.Attempts, a) })
	switch a.Result {
	case Failed:
		w.WriteHeader(http.StatusServiceUnavailable)
	case Dead:
		w.WriteHeader(http.StatusUnprocessableEntity)
	case Cut, Abandoned:
		panic(http.ErrAbortHandler) // net/http's way to hang up
	}
}

// work is the attempt itself.
func (l *Ledger) work(r *http.Request, a *Attempt) Outcome {
	m := *l.mood.Load()
	took := m.Least + time.Duration(l.draw(a, "time")*float64(m.Most-m.Least))
	result, chance := Done, l.draw(a, "fate")
	switch {
	case l.draw(&Attempt{ID: a.ID}, "dead") < m.Dead:
		result = Dead
	case chance < m.Fail:
		result = Failed
	case chance < m.Fail+m.Hangup:
		result = Cut
	case chance < m.Fail+m.Hangup+m.Hang:
		<-r.Context().Done()
		return Abandoned
	}
	timer := time.NewTimer(took)
	defer timer.Stop()
	select {
	case <-timer.C:
		return result
	case <-r.Context().Done():
		return Abandoned
	}
}

// draw is a number from 0 to 1 for a message's attempt.
func (l *Ledger) draw(a *Attempt, what string) float64 {
	return chance(l.seed, a.ID, a.Number, what)
}

func number(r *http.Request, header string) int {
	n, err := strconv.Atoi(r.Header.Get(header))
	if err != nil {
		return -1
	}
	return n
}

package chaos

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// stopLimit is design's I7: a stop takes less than the unit's TimeoutStopSec.
const stopLimit = 45 * time.Second

// Fleet are the daemons of one group, numbered from 1. Its methods are safe from
// any goroutine; one daemon's are called one at a time.
type Fleet struct {
	t       testing.TB
	setup   *rig.Setup
	ledger  *Ledger
	journal *Journal
	environ []string
	logs    string // the folder for the daemons' output, empty: none

	mu      sync.Mutex // the setup's and the members'
	members map[int]*member
	watched sync.WaitGroup
}

// member is one daemon over all its lives.
type member struct {
	lives int
	name  string // of this life
	p     *rig.Process
	asked chan time.Duration // hears the time of a SIGTERM, and is closed before any end
}

// NewFleet is a fleet without a daemon. logs is a folder for what daemons say, or
// empty.
func NewFleet(t testing.TB, s *rig.Setup, l *Ledger, j *Journal, logs string, environ ...string) *Fleet {
	return &Fleet{t: t, setup: s, ledger: l, journal: j, logs: logs, environ: environ, members: map[int]*member{}}
}

// Start begins a life of daemon n and returns its name.
func (f *Fleet) Start(n int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.members[n]
	if m == nil {
		m = &member{}
		f.members[n] = m
	}
	m.lives++
	m.name, m.asked = fmt.Sprintf("%d.%d", n, m.lives), make(chan time.Duration, 1)
	life := Life{Daemon: m.name, Start: f.journal.Now()}
	m.p = f.setup.SpawnWith(f.t, f.environ,
		"--set", "handlers.work.http="+f.ledger.URL(m.name),
		"--set", "handlers.work.audit="+filepath.Join(f.setup.Dir, fmt.Sprintf("audit-%d.jsonl", n)))
	p, asked := m.p, m.asked
	f.watched.Go(func() {
		<-p.Ended()
		life.End, life.Code = f.journal.Now(), p.Code()
		select {
		case at, terminated := <-asked:
			if life.Asked = true; terminated {
				life.Stop = life.End - at
			}
		default:
			f.t.Logf("daemon %s has ended by itself with code %d:\n%.4000s", life.Daemon, life.Code, tail(p.Output(), 4000))
		}
		f.journal.note(func(h *History) { h.Lives = append(h.Lives, life) })
		if f.logs != "" {
			name := filepath.Join(f.logs, fmt.Sprintf("%s-%s.log", f.setup.Group, life.Daemon))
			if err := os.WriteFile(name, []byte(p.Output()), 0o600); err != nil {
				f.t.Errorf("keep log: %v", err)
			}
		}
	})
	return m.name
}

// Name is that of daemon n's present life.
func (f *Fleet) Name(n int) string { return f.member(n).name }

func (f *Fleet) member(n int) member {
	f.mu.Lock()
	defer f.mu.Unlock()
	return *f.members[n]
}

// Kill ends daemon n with SIGKILL.
func (f *Fleet) Kill(n int) {
	m := f.member(n)
	close(m.asked)
	m.p.Kill()
}

// Stop ends daemon n with SIGTERM. An error says that it took too long, and was
// killed then. Whether it was clean is for the verdict.
func (f *Fleet) Stop(n int) error {
	m := f.member(n)
	m.asked <- f.journal.Now()
	close(m.asked)
	m.p.Signal(syscall.SIGTERM)
	select {
	case <-m.p.Ended():
	case <-time.After(stopLimit):
		m.p.Kill()
		return fmt.Errorf("stop daemon %s: it has not ended after %v; it said:\n%s", m.name, stopLimit, tail(m.p.Output(), 4000))
	}
	if code := m.p.Code(); code != 0 {
		f.t.Logf("daemon %s stopped with code %d:\n%s", m.name, code, tail(m.p.Output(), 4000))
	}
	return nil
}

// Signal sends daemon n a signal.
func (f *Fleet) Signal(n int, s syscall.Signal) { f.member(n).p.Signal(s) }

// Process is daemon n's present process.
func (f *Fleet) Process(n int) *rig.Process { return f.member(n).p }

// StopAll ends all daemons that run, at once.
func (f *Fleet) StopAll() error {
	f.mu.Lock()
	running := map[int]*member{}
	for n, m := range f.members {
		select {
		case <-m.p.Ended():
		default:
			running[n] = m
		}
	}
	f.mu.Unlock()
	errs := make(chan error, len(running))
	for n := range running {
		go func() { errs <- f.Stop(n) }()
	}
	var all error
	for range running {
		all = errors.Join(all, <-errs)
	}
	f.watched.Wait()
	return all
}

// tail is the end of a text, n bytes at most.
func tail(text string, n int) string { return text[max(0, len(text)-n):] }

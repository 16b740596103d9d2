package chaos

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kafkaboost/boostd/test/rig"
)

// round breaks and heals what a round says, each step beside the others.
func (w *World) round(r Round) error {
	errs := make(chan error, len(r.Steps))
	for _, s := range r.Steps {
		go func() {
			<-time.After(s.After)
			f := Fault{Kind: s.Kind, Target: fmt.Sprint(s.Target), Start: w.journal.Now()}
			ctx, cancel := context.WithTimeout(context.Background(), s.Lasts+2*rig.Patience)
			defer cancel()
			err := w.breaks(ctx, s, &f)
			f.End = w.journal.Now()
			w.journal.note(func(h *History) { h.Faults = append(h.Faults, f) })
			if err != nil {
				err = fmt.Errorf("%s (%d) at %.1f s: %w", s.Kind, s.Target, f.Start.Seconds(), err)
			}
			errs <- err
		}()
	}
	var all error
	for range r.Steps {
		all = errors.Join(all, <-errs)
	}
	return all
}

// breaks carries out one step from its beginning to its healing; it fills in
// which daemon the fault hits.
func (w *World) breaks(ctx context.Context, s Step, f *Fault) error {
	switch s.Kind {
	case DaemonKill, DaemonTerm, DaemonStop, DaemonJoin:
		return w.breakDaemon(s, f)
	case BrokerKill, BrokerStop, BrokerTerm:
		return w.breakBroker(ctx, s)
	case NetDelay:
		return w.weather(Weather{Delay: 100 * time.Millisecond}, s.Lasts)
	case NetCut:
		return w.weather(Weather{Down: true}, s.Lasts)
	case CommitsLost:
		return w.weather(Weather{LoseCommits: true}, s.Lasts)
	case AnswersLost:
		return w.weather(Weather{LoseAnswers: true}, s.Lasts)
	case Partitions, Recreated:
		return w.breakTopic(ctx, s)
	case DiskFull:
		n := w.daemon(s)
		f.Daemon = w.fleet.Name(n)
		return w.fillDisk(n, s.Lasts)
	case BadHandler:
		bad := usual
		bad.Fail, bad.Hangup, bad.Hang = 0.4, 0.1, 0.01
		return w.mood(bad, s.Lasts)
	case SlowWork:
		slow := usual
		slow.Least, slow.Most = 100*time.Millisecond, 300*time.Millisecond
		return w.mood(slow, s.Lasts)
	case Backlog:
		w.load.Burst(10 * w.o.Rate)
		return nil
	}
	return fmt.Errorf("nobody knows how to break %q", s.Kind)
}

// daemon is the number of the daemon that a step hits.
func (w *World) daemon(s Step) int { return w.o.Daemons - s.Target%(w.o.Daemons-w.o.Spared) }

func (w *World) breakDaemon(s Step, f *Fault) error {
	n := w.daemon(s)
	if s.Kind == DaemonJoin {
		n = w.o.Daemons + 1
		f.Daemon = w.fleet.Start(n)
		<-time.After(s.Lasts)
		return w.fleet.Stop(n)
	}
	f.Daemon = w.fleet.Name(n)
	switch s.Kind {
	case DaemonStop:
		w.fleet.Signal(n, syscall.SIGSTOP)
		<-time.After(s.Lasts)
		w.fleet.Signal(n, syscall.SIGCONT)
		return nil
	case DaemonKill:
		w.fleet.Kill(n)
		<-time.After(s.Lasts)
		w.fleet.Start(n)
		return nil
	default:
		err := w.fleet.Stop(n)
		<-time.After(s.Lasts)
		w.fleet.Start(n)
		return err
	}
}

func (w *World) breakBroker(ctx context.Context, s Step) error {
	node := w.cluster.Node(s.Target)
	var err error
	switch s.Kind {
	case BrokerStop:
		err = node.Pause()
		<-time.After(s.Lasts)
		return errors.Join(err, node.Continue())
	case BrokerKill:
		err = node.Kill()
	default:
		err = node.Stop(ctx)
	}
	<-time.After(s.Lasts)
	return errors.Join(err, node.Start(ctx))
}

// weather has the proxies do something for a while.
func (w *World) weather(weather Weather, lasts time.Duration) error {
	for _, p := range w.proxies {
		p.Set(weather)
	}
	<-time.After(lasts)
	for _, p := range w.proxies {
		p.Set(Weather{})
	}
	return nil
}

func (w *World) mood(m Mood, lasts time.Duration) error {
	w.ledger.SetMood(m)
	<-time.After(lasts)
	w.ledger.SetMood(usual)
	return nil
}

// fillDisk lets a daemon write to no file: what a full disk is to it, without
// a disk.
func (w *World) fillDisk(n int, lasts time.Duration) error {
	pid := w.fleet.Process(n).PID()
	var before unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &before); err != nil {
		return ended(err)
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 0, Max: before.Max}, nil); err != nil {
		return ended(err)
	}
	<-time.After(lasts)
	return ended(unix.Prlimit(pid, unix.RLIMIT_FSIZE, &before, nil))
}

// ended forgives a daemon that another fault has ended meanwhile.
func ended(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("limit files: %w", err)
	}
	return nil
}

func (w *World) breakTopic(ctx context.Context, s Step) error {
	if s.Kind == Recreated {
		err := w.client.DeleteTopic(ctx, w.apart())
		<-time.After(s.Lasts)
		return errors.Join(err, w.client.CreateTopic(ctx, w.apart(), partitions, nil))
	}
	topics := w.topics()
	topic := w.setup.Topic(top)
	if s.Target == 0 {
		topic = w.setup.Base
	}
	if err := w.client.Grow(ctx, topic, topics[topic]+1); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.grown[topic] = topics[topic] + 1
	return nil
}

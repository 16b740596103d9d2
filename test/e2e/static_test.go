package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/audit/verdict"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/test/rig"
)

// fleet is two daemons of one group whose processes each have an audit file of
// their own: priority is strict within one process.
type fleet struct {
	t       *testing.T
	setup   *rig.Setup
	static  bool
	running [2]*rig.Process
	files   []string
}

// start runs the daemon with that number, which no process is of now.
func (f *fleet) start(n int) {
	file := fmt.Sprintf("audit-%d.jsonl", len(f.files))
	args := []string{"--set", "handlers.work.audit=" + file}
	if f.static {
		args = append(args, "--set", fmt.Sprintf("kafka.instance=worker-%d", n))
	}
	f.running[n] = f.setup.Spawn(f.t, args...)
	f.files = append(f.files, filepath.Join(f.setup.Dir, file))
}

// consumers are those of one daemon; none while it doesn't answer.
func (f *fleet) consumers(n int) []console.Consumer {
	status, err := console.Dial(f.setup.ControlOf(n)).Status(f.t.Context())
	if err != nil {
		return nil
	}
	return status.Consumers
}

// shared reports whether each daemon has half of every group's partitions.
func (f *fleet) shared() bool {
	for n := range f.running {
		consumers := f.consumers(n)
		for _, c := range consumers {
			if c.Partitions != f.setup.Partitions/2 {
				return false
			}
		}
		if len(consumers) == 0 {
			return false
		}
	}
	return true
}

// joined reports whether each daemon has its place in every group, and somebody
// every partition.
func (f *fleet) joined() bool {
	partitions, places := 0, 0
	for n := range f.running {
		for _, c := range f.consumers(n) {
			partitions += c.Partitions
			if c.Joined {
				places++
			}
		}
	}
	groups := len(f.setup.Groups())
	return places == 2*groups && partitions == f.setup.Partitions*groups
}

func (f *fleet) rebalances(n int) (sum uint64) {
	for _, c := range f.consumers(n) {
		sum += c.Rebalances
	}
	return sum
}

func (f *fleet) audits() (byProcess [][]audit.Record, all []audit.Record) {
	f.t.Helper()
	for _, file := range f.files {
		log, err := audit.ReadFile(file)
		if err != nil {
			f.t.Fatal(err)
		}
		byProcess, all = append(byProcess, log.Records), append(all, log.Records...)
	}
	return byProcess, all
}

func (f *fleet) done() int {
	_, all := f.audits()
	return rig.CountDone(all)
}

// A rolling restart under load: nothing is lost, repeated or handled in the wrong
// order, also where a high message in a base topic overtakes a low one. With
// static membership the daemon that goes on doesn't even notice.
func TestRollingRestart(t *testing.T) {
	for _, static := range []bool{false, true} {
		t.Run(fmt.Sprintf("static %v", static), func(t *testing.T) {
			const restarts = 5
			s := rig.New(t, clusters[1], rig.Options{Min: 10, Partitions: 4, Handler: "sleep: {max: 40ms}, slots: 8",
				Kafka: `  properties: {session.timeout.ms: "30000"}`})
			f := &fleet{t: t, setup: s, static: static}
			f.start(0)
			f.start(1)
			rig.Eventually(t, "they share the partitions", f.shared)
			load, stalls := s.Load(t), verdict.RecordStalls()
			load.Fill(0, 3000, 100)
			ctx, cancel := context.WithCancel(t.Context())
			var streams sync.WaitGroup
			for level, rate := range map[boostd.Level]float64{0: 500, 5: 30, 10: 50} {
				streams.Go(func() { load.Stream(ctx, level, rate, 100) })
			}
			for n := range restarts {
				restarted, other := n%2, 1-n%2
				before := f.rebalances(other)
				exits(t, f.running[restarted], f.running[restarted].Terminate(), 0)
				f.start(restarted)
				rig.Eventually(t, "they share the partitions again", f.shared)
				lines := rig.DoneLines{Path: f.files[len(f.files)-1]}
				rig.Eventually(t, "the new process works", func() bool { return lines.Count() > 100 })
				if now := f.rebalances(other); static && now != before {
					t.Errorf("restart %d: %d rebalances in the other daemon, want 0", n+1, now-before)
				}
			}
			cancel()
			streams.Wait()
			rig.Eventually(t, "all is handled", func() bool { return f.done() >= load.Ledger.Len() })
			for _, p := range f.running {
				exits(t, p, p.Terminate(), 0)
			}
			f.check(load.Ledger.Entries(), stalls.Stop())
		})
	}
}

func (f *fleet) check(ledger []verdict.Entry, stalls []verdict.Interval) {
	f.t.Helper()
	byProcess, all := f.audits()
	v := verdict.Judge(ledger, all, stalls)
	f.t.Log(rig.Describe(v))
	if v.Lost+v.Duplicates > 0 {
		f.t.Errorf("lost %d, repeated %d; want 0 of both", v.Lost, v.Duplicates)
	}
	for n, records := range byProcess {
		if v := verdict.Judge(nil, records, stalls); v.Inversions > 0 {
			f.t.Errorf("process %d: %d inversions, want 0", n, v.Inversions)
		}
		if found := rig.Inversions(records, patience); found > 0 {
			f.t.Errorf("process %d: %d inversions of more than %v", n, found, patience)
		}
	}
}

// A static member without partitions keeps its place, too.
func TestIdleStaticMember(t *testing.T) {
	t.Parallel()
	s := rig.New(t, clusters[1], rig.Options{Min: 10, Partitions: 1, Kafka: `  properties: {session.timeout.ms: "30000"}`})
	f := &fleet{t: t, setup: s, static: true}
	f.start(0)
	groups := uint64(len(s.Groups()))
	rig.Eventually(t, "the first one has joined", func() bool { return f.rebalances(0) == groups })
	f.start(1)
	rig.Eventually(t, "they have joined, and both know it", func() bool { return f.joined() && f.rebalances(0) >= 2*groups })
	for n := range f.running {
		other := 1 - n
		before := f.rebalances(other)
		exits(t, f.running[n], f.running[n].Terminate(), 0)
		f.start(n)
		rig.Eventually(t, "it has joined again", f.joined)
		if now := f.rebalances(other); now != before {
			t.Errorf("daemon %d restarts: %d rebalances in the other, want 0", n, now-before)
		}
	}
}

// Of two daemons with the same instance the older one ends soon, with the key to
// change, and with the code after which it isn't started again; the other works.
func TestInstanceTwice(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 10, Kafka: "  instance: worker"})
		older := s.Spawn(t)
		rig.Eventually(t, "the older one has partitions", older.Assigned)
		newer := s.Spawn(t)
		began := time.Now()
		exits(t, older, older.Wait(rig.Patience), 78)
		t.Logf("the older one ended %v after the newer one was started", time.Since(began))
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("the older one took %v to end", took)
		}
		says(t, older, "kafka.instance", "worker-")
		load := s.Load(t)
		load.Fill(0, 50, 100)
		load.Fill(10, 50, 100)
		load.AwaitHandled()
		exits(t, newer, newer.Terminate(), 0)
		clean(t, load)
	})
}

package chaos

import (
	"cmp"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// glance is the time between two looks at how busy the machine is.
	glance = 50 * time.Millisecond
	// crowd is how many threads for each core want to run when the machine counts
	// as busy: then a broker or a daemon waits for tens of milliseconds, and how
	// soon a message starts says nothing about them.
	crowd = 4
)

// Crowds notes when more threads wanted to run than the machine can serve, which
// may be anybody's.
type Crowds struct {
	journal *Journal
	stop    chan struct{}
	task    sync.WaitGroup
	busy    []Stall // the task's own until it has ended
}

// WatchCrowds watches until Stop.
func WatchCrowds(j *Journal) *Crowds {
	c := &Crowds{journal: j, stop: make(chan struct{})}
	c.task.Go(c.run)
	return c
}

func (c *Crowds) run() {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for last := c.journal.Now(); ; {
		select {
		case <-c.stop:
			return
		case <-tick.C:
		}
		now := c.journal.Now()
		text, err := os.ReadFile("/proc/stat")
		if err == nil && running(string(text)) > crowd*runtime.NumCPU() {
			c.busy = append(c.busy, Stall{last, now})
		}
		last = now
	}
}

// Stop ends the watch and returns what it saw.
func (c *Crowds) Stop() []Stall {
	close(c.stop)
	c.task.Wait()
	return c.busy
}

// running is how many threads want to run, as /proc/stat says; 0 if it doesn't.
func running(stat string) int {
	for text := range strings.Lines(stat) {
		if rest, ok := strings.CutPrefix(text, "procs_running "); ok {
			n, err := strconv.Atoi(strings.TrimSpace(rest))
			if err == nil {
				return n
			}
		}
	}
	return 0
}

// merged are stalls in order and apart.
func merged(all []Stall) (out []Stall) {
	slices.SortFunc(all, func(a, b Stall) int { return cmp.Compare(a.From, b.From) })
	for _, s := range all {
		if n := len(out) - 1; n >= 0 && s.From <= out[n].To {
			out[n].To = max(out[n].To, s.To)
		} else {
			out = append(out, s)
		}
	}
	return out
}

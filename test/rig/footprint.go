package rig

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// PeakMiB is the most resident memory that the process ever had, in MiB.
func (p *Process) PeakMiB() int {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				p.t.Fatal(err)
			}
			return kib / 1024
		}
	}
	p.t.Fatal("no VmHWM in the process's status")
	return 0
}

// CPUPercent watches the process for d and returns its CPU time in that, user
// and system together, in percent of one core.
func (p *Process) CPUPercent(d time.Duration) float64 {
	p.t.Helper()
	before := p.CPU()
	<-time.After(d)
	return 100 * (p.CPU() - before).Seconds() / d.Seconds()
}

// CPU is the process's CPU time so far, user and system together: fields 14 and 15 of /proc/PID/stat, in hundredths of a second.
func (p *Process) CPU() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		p.t.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		p.t.Fatalf("read CPU time of process %d", p.PID())
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// SpawnBare runs bare consumers of the setup's levels.
func SpawnBare(t testing.TB, s *Setup) *Process {
	t.Helper()
	return spawn(t, build(t, "test/bare/consume"), nil, strings.Join(s.Config.Brokers, ","), s.Group+"-bare", s.Base, strconv.Itoa(s.Min), strconv.Itoa(s.Max))
}

// SpawnBareProduce sends a file's lines to a topic with the Kafka client alone.
func (s *Setup) SpawnBareProduce(t testing.TB, topic, file string) *Process {
	t.Helper()
	return spawn(t, build(t, "test/bare/produce"), nil, strings.Join(s.Config.Brokers, ","), topic, file)
}

// RepeatBound is how many messages are in the audit as done and lie at or
// behind what is committed: what a crash at this moment repeats, besides what is
// in flight.
func (s *Setup) RepeatBound(t testing.TB) int {
	t.Helper()
	committed := s.Committed(t)
	bound := 0
	for place := range donePlaces(s.Audit(t)) {
		if place.Offset >= committed[place.TopicPartition] {
			bound++
		}
	}
	return bound
}

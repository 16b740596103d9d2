package rig

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kafkaboost/boostd"
)

// Arrival is messages of one level, in the words of `boostd simulate`. Each has a
// key of its own.
type Arrival struct {
	Level boostd.Level
	// Backlog waits before the daemons start: see Fill.
	Backlog int
	// Steady messages a second, and Burst messages at once each Every (0: once),
	// come from From until Until.
	Steady      float64
	Burst       int
	Every       time.Duration
	From, Until time.Duration
}

// moment is when some messages of a level come.
type moment struct {
	at    time.Duration
	level boostd.Level
	count int
}

// moments are those of an arrival but for the backlog.
func (a Arrival) moments() (all []moment) {
	if a.Steady > 0 {
		for n := 0; ; n++ {
			at := a.From + time.Duration(float64(n)*float64(time.Second)/a.Steady)
			if at >= a.Until {
				break
			}
			all = append(all, moment{at, a.Level, 1})
		}
	}
	if a.Burst > 0 {
		for at := a.From; at < a.Until; at += a.Every {
			all = append(all, moment{at, a.Level, a.Burst})
			if a.Every == 0 {
				break
			}
		}
	}
	return all
}

// Messages is how many there are.
func (a Arrival) Messages() int {
	sum := a.Backlog
	for _, m := range a.moments() {
		sum += m.count
	}
	return sum
}

// YAML is the arrival as a line of a load to simulate, which begins later than
// the arrival's own time by shift.
func (a Arrival) YAML(partitions int, shift time.Duration) string {
	parts := []string{fmt.Sprintf("levels: %d, partitions: %d", a.Level, partitions)}
	if a.Backlog > 0 {
		parts = append(parts, fmt.Sprintf("backlog: %d", a.Backlog))
	}
	if a.Steady > 0 {
		parts = append(parts, "steady: "+strconv.FormatFloat(a.Steady, 'f', -1, 64))
	}
	if a.Burst > 0 {
		burst := fmt.Sprintf("messages: %d", a.Burst)
		if a.Every > 0 {
			burst += fmt.Sprintf(", every: %v", a.Every)
		}
		parts = append(parts, "burst: {"+burst+"}")
	}
	if a.Until > 0 {
		parts = append(parts, fmt.Sprintf("from: %v, until: %v", a.From+shift, a.Until+shift))
	}
	return "  - {" + strings.Join(parts, ", ") + "}\n"
}

// Play produces what arrives, each message at its time after begin and stamped,
// and waits for the acknowledgements. Behind its time it hurries.
func (l *Load) Play(begin time.Time, arrivals []Arrival) {
	l.t.Helper()
	var all []moment
	for _, a := range arrivals {
		all = append(all, a.moments()...)
	}
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	value := make([]byte, 100)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for _, m := range all {
		if wait := time.Until(begin.Add(m.at)); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-l.t.Context().Done():
				return
			}
		}
		for range m.count {
			l.next++
			l.Send(Message{Level: m.level, Key: strconv.AppendInt(nil, int64(l.next), 10), Value: value, Stamped: true})
		}
	}
	l.Flush()
}

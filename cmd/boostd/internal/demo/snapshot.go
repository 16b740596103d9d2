package demo

import (
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// Snapshot is the run at one moment, for a person to look at.
type Snapshot struct {
	Phase   string
	Elapsed time.Duration
	// Total is the time that the run has.
	Total          time.Duration
	Where, Handler string
	Slots, Busy    int
	// Running: there is a daemon; before and after, only Produced is known.
	Running bool
	// Levels are all levels, highest first.
	Levels []LevelView
	// Base is the consumer that the levels without a topic of their own share.
	Base ConsumerView
}

// LevelView is one level.
type LevelView struct {
	Level boostd.Level
	// Own: the level has a topic, and so a consumer, of its own.
	Own                    bool
	Consumer               ConsumerView
	Queued, InFlight, Done int
	Produced               int
	Rate                   float64
}

// ConsumerView is a consumer and what the gate makes of it.
type ConsumerView struct {
	// Broker is how many messages wait in the brokers, -1 unknown.
	Broker int64
	State  string
	Reason string
}

// Left is how many messages were produced and not handled.
func (s Snapshot) left() (n int) {
	for _, l := range s.Levels {
		n += l.Produced - l.Done
	}
	return n
}

// progress is what the run decides by.
type progress struct {
	at      time.Time
	started bool
	// left were acknowledged and are not done; lowLeft of them are backlog.
	left, lowLeft int
	inFlight      int
}

func progressOf(s scheduler.Status, produced counts) progress {
	p := progress{at: s.At, started: s.Started}
	done, inFlight := doneOf(s)
	for level, n := range produced {
		p.left += n - done[level]
		p.inFlight += inFlight[level]
		if boostd.Level(level) <= lowMax {
			p.lowLeft += n - done[level]
		}
	}
	p.left = max(p.left, 0)
	return p
}

// doneOf counts what needs no more waiting for, and what is in flight.
func doneOf(s scheduler.Status) (done, inFlight counts) {
	for _, pool := range s.Pools {
		for _, l := range pool.Levels {
			if l.Level <= maxLevel {
				done[l.Level] += int(l.Done + l.Held)
				inFlight[l.Level] += l.InFlight
			}
		}
	}
	return done, inFlight
}

// fill takes the daemon's part of the picture from its status.
func (s *Snapshot) fill(status scheduler.Status, r *rates) {
	s.Running = true
	done, inFlight := doneOf(status)
	r.add(status.At, done)
	var queued counts
	for _, pool := range status.Pools {
		s.Slots, s.Busy = pool.Slots, pool.Busy
		for _, l := range pool.Levels {
			if l.Level <= maxLevel {
				queued[l.Level] += l.Queued
			}
		}
	}
	consumers := map[boostd.Level]ConsumerView{}
	for _, c := range status.Consumers {
		v := ConsumerView{Broker: c.Broker, State: c.State.String(), Reason: c.Reason.String()}
		if c.Mixed {
			s.Base = v
		} else {
			consumers[c.Level] = v
		}
	}
	for n := range s.Levels {
		l := &s.Levels[n]
		l.Queued, l.InFlight, l.Done = queued[l.Level], inFlight[l.Level], done[l.Level]
		l.Rate = r.rate(l.Level)
		if l.Own {
			l.Consumer = consumers[l.Level]
		}
	}
}

// emptySnapshot has a row for each level.
func emptySnapshot(produced counts) Snapshot {
	unknown := ConsumerView{Broker: -1}
	s := Snapshot{Base: unknown}
	for level := maxLevel; level >= 0; level-- {
		s.Levels = append(s.Levels, LevelView{Level: level, Own: level >= boostMin, Consumer: unknown, Produced: produced[level]})
	}
	return s
}

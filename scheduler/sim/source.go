package sim

import (
	"encoding/binary"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// maxPoll is the most that a Source hands over at once.
const maxPoll = 256

// source is one instance's Source for one subscription.
type source struct {
	in        *instance
	sub       int32
	id        scheduler.ConsumerID
	mine      []int32 // the partitions that it reads
	turn      int     // the one of mine that comes first
	waiting   int     // in the brokers, of mine
	told      int     // of that, to the core
	unsettled int
	failed    int // of unsettled: an attempt has
	polling   bool
	caughtUp  bool
	paused    bool
	resumed   int64 // no message before; a resumed client needs that long
}

// room is how many more may be here. What has failed and stays is in a second
// window, as in a daemon's Source.
func (s *source) room() int {
	window := s.in.w.config.Window.Messages
	return window - s.unsettled + min(s.failed, window)
}

// poll sees to it that the Source looks for messages soon. With less room than an
// eighth of the window it waits: a daemon's doesn't, but hardly gains by it.
func (s *source) poll() {
	w := s.in.w
	if s.polling || s.paused || s.in.state != running || s.caughtUp && s.waiting == 0 ||
		s.room() < max(w.config.Window.Messages/8, 1) {
		return
	}
	s.polling = true
	at := max(w.now+w.config.Latency.Fetch.draw(&s.in.random), s.resumed)
	w.queue.push(event{at: at, kind: poll, who: s.in.index, what: s.sub})
}

// fetch is a poll's end: a share of each partition, so that none is left behind.
func (s *source) fetch() {
	w := s.in.w
	s.polling = false
	n := min(maxPoll, s.room(), s.waiting)
	if s.paused {
		n = min(n, 1) // it was on its way
	}
	batch := w.batch[:0]
	for left := len(s.mine); left > 0 && len(batch) < n; left-- {
		p := s.mine[s.turn%len(s.mine)]
		s.turn++
		share := (n - len(batch) + left - 1) / left
		batch = s.take(batch, p, share)
	}
	for k := 0; k < len(s.mine) && len(batch) < n; k++ { // what some had less of
		batch = s.take(batch, s.mine[k], n-len(batch))
	}
	w.batch = batch
	s.unsettled += len(batch)
	s.waiting -= len(batch)
	if len(batch) > 0 {
		s.in.apply(s.in.core.Fetched(w.time(), s.id, batch))
	}
	if !s.caughtUp {
		s.caughtUp = true
		s.in.apply(s.in.core.CaughtUp(w.time(), s.id))
	}
	s.poll()
}

func (s *source) take(batch []boostd.Message, number int32, most int) []boostd.Message {
	w := s.in.w
	p := &w.partitions[number]
	t := &w.topics[p.topic]
	for range min(most, p.waiting) {
		m := p.next()
		batch = append(batch, boostd.Message{
			Topic: t.name, Partition: number, Epoch: p.epoch, Offset: m.offset, Level: boostd.Level(m.level),
			Attempt: int(m.attempts), Key: t.key(m.key), ProducedAt: at(m.at), FetchedAt: w.time(),
		})
	}
	return batch
}

// settled is the core's word about messages.
func (s *source) settled(all []boostd.Settlement) {
	w := s.in.w
	for n := range all {
		one := &all[n]
		m := one.Message
		if one.Outcome == boostd.Retry {
			w.tallies[m.Level].failures++
			if !one.Again {
				s.failed++
			}
			continue
		}
		s.unsettled--
		if one.Again {
			s.failed--
		}
		p := &w.partitions[m.Partition]
		if m.Epoch != p.epoch || p.holder != s.in {
			continue // an old assignment's: it was given back before
		}
		switch one.Outcome {
		case boostd.Done:
			w.tallies[m.Level].done++
		case boostd.Dead:
			w.tallies[m.Level].dead++
		case boostd.Held:
			w.tallies[m.Level].held++
		default:
			s.giveBack(p, m, one.Attempts)
		}
	}
	s.poll()
}

// giveBack takes a message back into its partition.
func (s *source) giveBack(p *partition, m *boostd.Message, attempts int) {
	back := message{offset: m.Offset, at: m.ProducedAt.Sub(start).Nanoseconds(), level: int32(m.Level), attempts: int32(attempts)}
	if m.Key != nil {
		back.key = int32(binary.BigEndian.Uint32(m.Key))
	}
	p.giveBack(back)
	if p.reader != nil {
		p.reader.waiting++
	}
}

// flow is the gate's word; its effect comes a moment later.
func (s *source) flow(paused bool) {
	w := s.in.w
	e := event{at: w.now + int64(w.config.Latency.Pause), kind: pause, who: s.in.index, what: s.sub}
	if paused {
		e.turn = 1
	}
	w.queue.push(e)
}

func (s *source) setPaused(paused bool) {
	w := s.in.w
	if s.paused && !paused {
		least := int64(w.config.Latency.Resume)
		s.resumed = w.now + least + int64(s.in.random.float()*float64(least))
	}
	s.paused = paused
	s.poll()
}

// tell says what waits in the brokers, as a daemon's Source does once a second.
// The same number again would change nothing.
func (s *source) tell() {
	if s.waiting != s.told {
		s.told = s.waiting
		s.in.apply(s.in.core.Backlog(s.in.w.time(), s.id, int64(s.waiting)))
	}
}

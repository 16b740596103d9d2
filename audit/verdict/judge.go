package verdict

import (
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
)

// Verdict is what the two witnesses come to.
type Verdict struct {
	// Produced were acknowledged; Handled are those of them that were done at
	// least once; Lost is the difference. Duplicates counts every further time
	// that a message was done.
	Produced, Handled, Lost, Duplicates int
	// Inversions and BlindInversions count lower starts; see the constants.
	Inversions, BlindInversions int
	// LeftOut are the starts of both kinds that only a stall of the machine
	// explains.
	LeftOut int
	// Levels are those that were produced or handled, ascending.
	Levels []Level
}

// Level is one level's part.
type Level struct {
	Level                               boostd.Level
	Produced, Handled, Lost, Duplicates int
	// Waits is produce → start of the first attempt, sorted.
	Waits []time.Duration
}

// Clean reports whether nothing is lost, repeated or inverted.
func (v Verdict) Clean() bool {
	return v.Lost == 0 && v.Duplicates == 0 && v.Inversions == 0 && v.BlindInversions == 0
}

// Quantile is the shortest wait that at least the share q of the messages
// didn't exceed; zero without messages.
func (l Level) Quantile(q float64) time.Duration {
	if len(l.Waits) == 0 {
		return 0
	}
	at := int(q*float64(len(l.Waits))+0.999999) - 1
	return l.Waits[min(max(at, 0), len(l.Waits)-1)]
}

type place struct {
	boostd.TopicPartition
	offset int64
}

// history is what the audit has of one message.
type history struct {
	first *audit.Record // the attempt that started first
	done  int
}

// Judge compares the ledger with the records of one instance. stalls may be
// nil. Records of messages that aren't in the ledger take part in the
// inversions and nothing else.
func Judge(ledger []Entry, records []audit.Record, stalls []Interval) Verdict {
	seen := make(map[place]history, len(ledger))
	for n := range records {
		r := &records[n]
		at := place{boostd.TopicPartition{Topic: r.Topic, Partition: r.Partition}, r.Offset}
		h := seen[at]
		if h.first == nil || r.StartedAt.Before(h.first.StartedAt) {
			h.first = r
		}
		if r.Result == boostd.Done {
			h.done++
		}
		seen[at] = h
	}
	v := Verdict{}
	handlers := handlersOf(records)
	blind := make([]wait, 0, len(ledger))
	levels := map[boostd.Level]*Level{}
	for _, e := range ledger {
		l := levels[e.Level]
		if l == nil {
			l = &Level{Level: e.Level}
			levels[e.Level] = l
		}
		h := seen[place{e.TopicPartition, e.Offset}]
		l.count(h)
		w := wait{level: e.Level, pool: handlers.of(e.Topic), ready: e.AckedAt}
		if h.first != nil {
			w.pool, w.start = h.first.Handler, h.first.StartedAt
		}
		blind = append(blind, w)
	}
	v.sum(levels)
	var left int
	v.Inversions, v.LeftOut = inversions(attempts(records), tolerance, stalls)
	v.BlindInversions, left = inversions(blind, blindTolerance, stalls)
	v.LeftOut += left
	return v
}

func (l *Level) count(h history) {
	l.Produced++
	if h.done == 0 {
		l.Lost++
	} else {
		l.Handled++
		l.Duplicates += h.done - 1
	}
	if h.first != nil && !h.first.ProducedAt.IsZero() {
		l.Waits = append(l.Waits, h.first.StartedAt.Sub(h.first.ProducedAt))
	}
}

func (v *Verdict) sum(levels map[boostd.Level]*Level) {
	for _, l := range levels {
		slices.Sort(l.Waits)
		v.Produced += l.Produced
		v.Handled += l.Handled
		v.Lost += l.Lost
		v.Duplicates += l.Duplicates
		v.Levels = append(v.Levels, *l)
	}
	slices.SortFunc(v.Levels, func(a, b Level) int { return int(a.Level - b.Level) })
}

// handlersByTopic says whose a message is that never started.
type handlersByTopic struct {
	topics map[string]string
	only   string // the one handler of the whole audit, if it is one
}

func handlersOf(records []audit.Record) handlersByTopic {
	h := handlersByTopic{topics: map[string]string{}}
	for n := range records {
		r := &records[n]
		h.topics[r.Topic] = r.Handler
		switch {
		case n == 0:
			h.only = r.Handler
		case h.only != r.Handler:
			h.only = ""
		}
	}
	return h
}

func (h handlersByTopic) of(topic string) string {
	if handler, ok := h.topics[topic]; ok {
		return handler
	}
	return h.only
}

// attempts are the waits of every attempt, by handler.
func attempts(records []audit.Record) []wait {
	waits := make([]wait, len(records))
	for n := range records {
		r := &records[n]
		waits[n] = wait{r.Level, r.Handler, r.ReadyAt, r.StartedAt}
	}
	return waits
}

package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Rule is one promise that a history can break.
type Rule string

// The rules. Each is described where it is judged.
const (
	Lost       Rule = "lost"
	LostApart  Rule = "lost of a topic made anew"
	Beyond     Rule = "committed beyond what was finished"
	Back       Rule = "committed offset went back"
	Again      Rule = "handled again after its commit"
	Repeated   Rule = "repeated without a fault that explains it"
	Inverted   Rule = "blind inversion outside fault windows"
	Died       Rule = "a daemon ended by itself"
	Unclean    Rule = "a daemon's stop was unclean for no reason"
	Unsettled  Rule = "not committed at the end"
	unplaced        = -1
	neverEnded      = time.Duration(1<<63 - 1)
)

// Violation is one broken promise.
type Violation struct {
	Rule Rule
	Text string
}

// Verdict is what a history proves.
type Verdict struct {
	// Messages were acknowledged, Apart of them on the topic that is deleted now
	// and then; Attempts is how often the handler was called.
	Messages, Apart, Attempts int
	// Repeats counts the attempts beyond a message's done one by what explains
	// them; RepeatedMessages are the messages with any.
	Repeats map[string]int
	// Exposed is how many attempts a kind of fault would have explained, had they
	// been repeated.
	Exposed          map[Kind]int
	RepeatedMessages int
	// Pairs is how many messages were looked at for inversions, LeftOut how many
	// of their overtakings a fault, a stall or a key explains.
	Pairs, LeftOut int
	Recoveries     []Recovery
	Violations     []Violation
}

// Broken is how often a rule is broken.
func (v *Verdict) Broken(r Rule) (n int) {
	for _, x := range v.Violations {
		if x.Rule == r {
			n++
		}
	}
	return n
}

func (v *Verdict) blame(r Rule, format string, args ...any) {
	v.Violations = append(v.Violations, Violation{r, fmt.Sprintf(format, args...)})
}

// place is where a message lies.
type place struct {
	topic     string
	partition int32
}

// message is all that is known of one message.
type message struct {
	id       int64
	ack      Ack
	acked    bool
	at       place
	offset   int64 // unplaced where neither Kafka nor an attempt told
	attempts []Attempt
	// finished is when it was done first, or a dead letter: neverEnded if never.
	finished time.Duration
	letter   bool
}

// evidence is a history as the rules look at it.
type evidence struct {
	h        *History
	messages map[int64]*message
	// partitions are the messages by place and in offset order.
	partitions map[place][]*message
}

// Judge says what a history proves. It depends on the history alone.
func Judge(h *History) *Verdict {
	e := gather(h)
	v := &Verdict{Attempts: len(h.Attempts), Repeats: map[string]int{}, Exposed: map[Kind]int{}}
	e.judgeLost(v)
	e.judgeCommits(v)
	e.judgeRepeats(v)
	e.judgeInversions(v)
	e.judgeLives(v)
	e.recover(v)
	return v
}

func gather(h *History) *evidence {
	e := &evidence{h: h, messages: map[int64]*message{}, partitions: map[place][]*message{}}
	for _, a := range h.Acks {
		m := e.message(a.ID)
		m.ack, m.acked, m.at, m.offset = a, true, place{a.Topic, a.Partition}, max(a.Offset, unplaced)
	}
	for _, a := range h.Attempts {
		m := e.message(a.ID)
		m.attempts = append(m.attempts, a)
		if m.offset == unplaced {
			m.at, m.offset = place{a.Topic, a.Partition}, a.Offset
		}
		if a.Result == Done {
			m.finished = min(m.finished, a.End)
		}
	}
	for _, l := range h.Letters {
		m := e.message(l.ID)
		m.letter, m.finished = true, min(m.finished, l.At)
	}
	for _, m := range e.messages {
		slices.SortFunc(m.attempts, func(a, b Attempt) int { return cmp.Compare(a.Start, b.Start) })
		if m.offset != unplaced && !m.ack.Apart {
			e.partitions[m.at] = append(e.partitions[m.at], m)
		}
	}
	for _, list := range e.partitions {
		slices.SortFunc(list, func(a, b *message) int { return cmp.Compare(a.offset, b.offset) })
	}
	return e
}

func (e *evidence) message(id int64) *message {
	m := e.messages[id]
	if m == nil {
		m = &message{id: id, offset: unplaced, finished: neverEnded}
		e.messages[id] = m
	}
	return m
}

// sorted are all messages by id.
func (e *evidence) sorted() []*message {
	all := make([]*message, 0, len(e.messages))
	for _, m := range e.messages {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *message) int { return cmp.Compare(a.id, b.id) })
	return all
}

// judgeLost: every acknowledged message is done at least once, or a dead letter.
// On the topic that is deleted, those of its last life must be: what was
// acknowledged since the last deletion had ended.
func (e *evidence) judgeLost(v *Verdict) {
	remade := time.Duration(0)
	for _, f := range e.h.Faults {
		if f.Kind == Recreated {
			remade = max(remade, f.End)
		}
	}
	for _, m := range e.sorted() {
		if !m.acked {
			continue
		}
		v.Messages++
		if m.ack.Apart {
			v.Apart++
		}
		switch {
		case m.finished < neverEnded:
		case !m.ack.Apart:
			v.blame(Lost, "message %d, %s, acknowledged at %v after %d attempts: never done", m.id, m.where(), m.ack.At, len(m.attempts))
		case m.ack.At > remade:
			v.blame(LostApart, "message %d, %s, acknowledged at %v: never done", m.id, m.where(), m.ack.At)
		}
	}
}

func (m *message) where() string {
	return fmt.Sprintf("%s/%d@%d", m.at.topic, m.at.partition, m.offset)
}

// judgeCommits: when a committed offset is seen, all messages before it have been
// finished, since the handler notes that before it answers. Committed offsets
// don't go back, and at the end of a run all is committed.
func (e *evidence) judgeCommits(v *Verdict) {
	last, latest := map[place]Sample{}, e.latest()
	for _, s := range e.h.Samples {
		at := place{s.Topic, s.Partition}
		list, known := e.partitions[at]
		if !known {
			continue // the topic apart: its offsets begin anew
		}
		if before, ok := last[at]; ok && s.Offset < before.Offset {
			v.blame(Back, "%s/%d: %d at %v, %d at %v", s.Topic, s.Partition, before.Offset, before.At, s.Offset, s.At)
		}
		last[at] = s
		n, _ := slices.BinarySearchFunc(list, s.Offset, func(m *message, offset int64) int { return cmp.Compare(m.offset, offset) })
		if n == 0 {
			continue
		}
		if m := latest[at][n-1]; m.finished > s.At {
			v.blame(Beyond, "message %d, %s: %d is committed at %v, it was finished at %v", m.id, m.where(), s.Offset, s.At, m.ended())
		}
	}
	for _, end := range e.h.Ends {
		if end.Committed < end.Offset {
			v.blame(Unsettled, "%s/%d: committed %d of %d", end.Topic, end.Partition, end.Committed, end.Offset)
		}
	}
}

// latest is, for each message, which of its partition up to it was finished last.
func (e *evidence) latest() map[place][]*message {
	all := map[place][]*message{}
	for at, list := range e.partitions {
		last := list[0]
		for _, m := range list {
			if m.finished > last.finished {
				last = m
			}
			all[at] = append(all[at], last)
		}
	}
	return all
}

// ended is finished for a reader.
func (m *message) ended() string {
	if m.finished == neverEnded {
		return "no time"
	}
	return m.finished.String()
}

// judgeLives: no daemon ends unless it is told to, and a stop is clean unless the
// brokers or the network let nothing be committed meanwhile.
func (e *evidence) judgeLives(v *Verdict) {
	for _, l := range e.h.Lives {
		switch {
		case !l.Asked:
			v.blame(Died, "daemon %s at %v with code %d", l.Daemon, l.End, l.Code)
		case l.Stop > 0 && l.Code != 0 && !e.torn(l.End-l.Stop, l.End):
			v.blame(Unclean, "daemon %s stopped from %v to %v with code %d", l.Daemon, l.End-l.Stop, l.End, l.Code)
		}
	}
}

// torn reports whether a fault that hits all daemons may have kept commits from
// happening at a time.
func (e *evidence) torn(from, to time.Duration) bool {
	return slices.ContainsFunc(e.h.Faults, func(f Fault) bool {
		return f.Daemon == "" && tears(f.Kind) && from < f.End+aftermath(f.Kind) && to > f.Start
	})
}

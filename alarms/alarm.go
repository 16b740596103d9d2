package alarms

import (
	"cmp"
	"slices"
	"time"
)

// Kind is the stable name of what an alarm is about: status, metrics and the
// runbook know it.
type Kind string

// The kinds. NoProgress: a backlog of which nothing was done for a while. Held:
// messages wait for a person. StuckHandler: handlers ignore their cancellation.
// Connection, Coordinator, Membership, Authorization, OffsetsReset, Commit,
// Rebalance, Flow, Topic and Positions are a consumer's troubles with its brokers
// and group. Crowded: a partition waits until some of its messages are finished.
// Client: a Kafka client was beyond help and was replaced. DeadLetters: they can't
// be written.
// Unserved: a level that this instance doesn't read although it should, or that
// nobody seems to read of those it leaves to others. GroupStalled: no instance
// finishes anything of a level, so the lower ones don't wait for it, as gate.scope
// group would have it; GroupUnknown: they don't because nobody says what there is to
// do. Settings: the document can't be
// used. Topics: not all topics are as the settings ask. Stranded: messages wait
// in topics of levels that the settings don't have. State: what must survive a
// restart can't be written. Audit: the audit file has a gap. Turning: a loop
// stands still. PluginTrouble: a handler's plugin doesn't start, crashes again and
// again, or wasn't replaced.
const (
	NoProgress    Kind = "no_progress"
	Held          Kind = "held"
	StuckHandler  Kind = "stuck_handler"
	Connection    Kind = "connection"
	Coordinator   Kind = "coordinator"
	Membership    Kind = "membership"
	Authorization Kind = "authorization"
	OffsetsReset  Kind = "offsets_reset"
	Commit        Kind = "commit"
	Rebalance     Kind = "rebalance"
	Flow          Kind = "flow"
	Topic         Kind = "topic"
	Positions     Kind = "positions"
	Crowded       Kind = "crowded"
	Client        Kind = "client"
	Unserved      Kind = "unserved"
	GroupStalled  Kind = "group_stalled"
	GroupUnknown  Kind = "group_unknown"
	Settings      Kind = "settings"
	Topics        Kind = "topics"
	Stranded      Kind = "stranded"
	State         Kind = "state"
	Audit         Kind = "audit"
	DeadLetters   Kind = "dead_letters"
	Turning       Kind = "turning"
	PluginTrouble Kind = "plugin"
)

// Condition is something that is wrong now. Kind and Subject are its identity;
// Text may change while it lasts.
type Condition struct {
	Kind    Kind
	Subject string // a level, consumer, handler, topic or file; empty for all
	Text    string // one line, for people
}

// Alarm is a condition with its beginning.
type Alarm struct {
	Condition
	Since time.Time
}

// Book keeps the alarms that stand. Not safe for concurrent use; the zero value
// is ready.
type Book struct {
	standing map[identity]Alarm
}

type identity struct {
	kind    Kind
	subject string
}

// Update takes all that is wrong now, and returns which alarms have begun and
// which have ended with that, each in a fixed order. Of two conditions with one
// identity the first counts.
func (b *Book) Update(now time.Time, conditions []Condition) (begun, ended []Alarm) {
	next := make(map[identity]Alarm, len(conditions))
	for _, c := range conditions {
		id := identity{c.Kind, c.Subject}
		if _, twice := next[id]; twice {
			continue
		}
		a, stands := b.standing[id]
		if !stands {
			a.Since = now
		}
		a.Condition = c
		next[id] = a
		if !stands {
			begun = append(begun, a)
		}
	}
	for id, a := range b.standing {
		if _, stands := next[id]; !stands {
			ended = append(ended, a)
		}
	}
	b.standing = next
	sortAlarms(begun)
	sortAlarms(ended)
	return begun, ended
}

// Standing are the alarms that stand, the oldest first.
func (b *Book) Standing() []Alarm {
	all := make([]Alarm, 0, len(b.standing))
	for _, a := range b.standing {
		all = append(all, a)
	}
	sortAlarms(all)
	return all
}

func sortAlarms(all []Alarm) {
	slices.SortFunc(all, func(a, b Alarm) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject))
	})
}

package alarms

import (
	"fmt"
	"maps"
	"time"

	"github.com/kafkaboost/boostd"
)

// Left is a level that this instance leaves to others, or its base topics, as
// far as Kafka tells.
type Left struct {
	// Subject is the alarm's: level 7, or base topics.
	Subject string
	Group   string
	// Waiting is how many messages the group hasn't committed.
	Waiting int64
	// Committed are the group's offsets. They aren't changed after this.
	Committed map[boostd.TopicPartition]int64
}

// Neglect finds levels that nobody serves although they are left to others: it
// has no other sign than offsets that stand still. Not safe for concurrent use;
// the zero value is ready.
type Neglect struct {
	seen map[string]stillness // by subject
}

type stillness struct {
	committed map[boostd.TopicPartition]int64
	moved     time.Time // when something was last committed, or began to wait
	idle      bool      // nothing waited
}

// Judge is what is wrong with a level now; ok is false where nothing is. Call it
// every few seconds.
func (n *Neglect) Judge(now time.Time, l Left) (c Condition, ok bool) {
	if n.seen == nil {
		n.seen = map[string]stillness{}
	}
	s, known := n.seen[l.Subject]
	if !known || s.idle || l.Waiting <= 0 || !maps.Equal(s.committed, l.Committed) {
		s = stillness{l.Committed, now, l.Waiting <= 0}
		n.seen[l.Subject] = s
	}
	d := now.Sub(s.moved)
	if d < Patience {
		return Condition{}, false
	}
	return Condition{Unserved, l.Subject, fmt.Sprintf(
		"%d messages of %s wait, and group %s has committed nothing for %v: this instance leaves them to others (kafka.only_levels), and none of them serves them, or all are busy with higher levels",
		l.Waiting, l.Subject, l.Group, d.Round(time.Second))}, true
}

// Unknown says that nothing could be learnt of a level: while it lasts nobody can
// commit, so the time doesn't count. What is an alarm already stays one.
func (n *Neglect) Unknown(now time.Time, subject string) {
	if s, known := n.seen[subject]; known && now.Sub(s.moved) < Patience {
		s.moved = now
		n.seen[subject] = s
	}
}

// Forget is for a level that is there no more.
func (n *Neglect) Forget(subject string) { delete(n.seen, subject) }

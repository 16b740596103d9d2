package deadletter

import (
	"bytes"
	"strings"
	"time"

	"github.com/kafkaboost/boostd"
)

// Filter says which letters are meant: those that all of it holds for. The zero
// value means all.
type Filter struct {
	// Reason is a part of the reason or, when it has a * or ? in it, a pattern of
	// the whole; case counts.
	Reason string
	// Older and Newer are the least and the largest age, counted from DiedAt; 0 is
	// no bound.
	Older, Newer time.Duration
	// Key is the message's key; nil is any, and an empty one isn't none.
	Key []byte
	// Level is the level that the message had; nil is any.
	Level *boostd.Level
	// Origin is where the message came from: Topic empty, Partition and Offset
	// below 0 are any. nil is any at all.
	Origin *boostd.Coordinates
}

// Matches reports whether the letter is meant. A letter of unknown origin has no
// level and no origin.
func (f *Filter) Matches(l *Letter, now time.Time) bool {
	age := now.Sub(l.DiedAt())
	switch {
	case f.Older > 0 && age < f.Older, f.Newer > 0 && age > f.Newer:
		return false
	case f.Key != nil && (l.Key == nil || !bytes.Equal(f.Key, l.Key)):
		return false
	case f.Level != nil && (!l.Known || *f.Level != l.Level):
		return false
	case f.Origin != nil && (!l.Known || !covers(*f.Origin, l.Origin)):
		return false
	case strings.ContainsAny(f.Reason, "*?"):
		return glob(f.Reason, l.Reason)
	}
	return strings.Contains(l.Reason, f.Reason)
}

func covers(wanted, c boostd.Coordinates) bool {
	return (wanted.Topic == "" || wanted.Topic == c.Topic) &&
		(wanted.Partition < 0 || wanted.Partition == c.Partition) &&
		(wanted.Offset < 0 || wanted.Offset == c.Offset)
}

// glob matches a whole text: * is any characters, ? is one byte. It goes back to
// the last * only, so its time is bounded by the product of both lengths.
func glob(pattern, text string) bool {
	p, t, star, from := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

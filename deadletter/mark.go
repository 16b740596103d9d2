package deadletter

import (
	"strconv"

	"github.com/kafkaboost/boostd"
)

// Resolution is what was done about a letter.
type Resolution string

// Replayed: the message was sent back, and the brokers have it. Purged: somebody
// has decided that nothing is to be done.
const (
	Replayed Resolution = "replayed"
	Purged   Resolution = "purged"
)

// Mark says that a letter is resolved. It stands behind the letter in the same
// partition.
type Mark struct {
	// Letter is the letter's offset.
	Letter     int64
	Resolution Resolution
}

// Headers is the mark's record, which has neither key nor value.
func (m Mark) Headers() []boostd.Header {
	return []boostd.Header{
		{Key: headerResolved, Value: strconv.AppendInt(nil, m.Letter, 10)},
		{Key: headerResolution, Value: []byte(m.Resolution)},
	}
}

// ParseMark reads a mark. ok is false for any other record: one that names no
// letter before it, or says of no known kind what was done, is none either.
func ParseMark(m *boostd.Message) (mark Mark, ok bool) {
	if m.Key != nil || m.Value != nil {
		return Mark{}, false
	}
	resolved, _ := m.Header(headerResolved)
	resolution, _ := m.Header(headerResolution)
	mark = Mark{Letter: decimal(resolved, -1), Resolution: Resolution(resolution)}
	if mark.Letter < 0 || mark.Letter >= m.Offset || mark.Resolution != Replayed && mark.Resolution != Purged {
		return Mark{}, false
	}
	return mark, true
}

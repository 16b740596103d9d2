package deadletter

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/priority"
)

// MaxReplays is how often a message is sent back unless somebody asks for more.
const MaxReplays = 3

// Why a letter isn't replayed.
var (
	ErrUnknownOrigin = errors.New("nothing in it says where it came from")
	ErrForeignOrigin = errors.New("it came from a topic that this dead-letter topic isn't for")
	ErrReplays       = errors.New("it came back too often")
)

// Replay is the message to send back to where it came from: Topic, Partition,
// Key, Value, Headers are set. It says how often it was replayed, this time
// included, in a header that survives its next death, and nothing else of
// boostd's. most is how often that may be.
//
// Only the base topic and the topics of its levels are allowed: who may write to
// a dead-letter topic must not thereby write to any other.
func (l *Letter) Replay(most int) (boostd.Message, error) {
	if !l.Known {
		return boostd.Message{}, ErrUnknownOrigin
	}
	base, ok := priority.CutDeadLetter(l.At.Topic)
	of, _, derived := priority.CutLevel(l.Origin.Topic)
	if !ok || l.Origin.Topic != base && (!derived || of != base) {
		return boostd.Message{}, fmt.Errorf("%w: %.80q", ErrForeignOrigin, l.Origin.Topic)
	}
	if l.Replays >= most {
		return boostd.Message{}, fmt.Errorf("%w: it was replayed %d times, --max-replays is %d", ErrReplays, l.Replays, most)
	}
	headers := make([]boostd.Header, 0, len(l.Headers)+1)
	headers = append(headers, l.Headers...)
	headers = append(headers, boostd.Header{Key: headerReplays, Value: strconv.AppendInt(nil, int64(l.Replays)+1, 10)})
	return boostd.Message{Topic: l.Origin.Topic, Partition: l.Origin.Partition, Key: l.Key, Value: l.Value, Headers: headers}, nil
}

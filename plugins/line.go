package plugins

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/kafkaboost/boostd"
)

// What a program reads and writes: one JSON object a line, each way.
//
//	{"id":1,"topic":"orders","partition":3,"offset":1042,"level":7,"attempt":1,
//	 "key":"k","value":"text","headers":[{"key":"h","value":"v"}],
//	 "timestamp":"2026-01-02T03:04:05.678Z"}
//
// key, value and the headers' two are strings of the text when it is valid
// UTF-8, null when there is none (a value that is null is a tombstone), and
// otherwise stand in base64 under key_b64 or value_b64 instead. A value that
// is JSON is text too: the program parses it. timestamp is when the message
// was produced, RFC 3339 in UTC, null when nobody knows.
//
//	{"id":1,"result":"done"}
//	{"id":1,"result":"retry","error":"no stock","after_ms":2000}
//	{"id":1,"result":"dead","error":"no such customer"}
//
// id is the message's own; a program is given the next message after it has
// answered the one before. after_ms, only with retry, is the shortest wait
// before the next attempt, at most an hour; without it the retry settings
// decide. Other keys are ignored. Names match without case.

// maxAnswerLine bounds a line from a program, in bytes, without its newline.
const maxAnswerLine = 1 << 20

// appendRequest appends a message's line, newline included.
func appendRequest(b []byte, id uint64, m *boostd.Message) []byte {
	b = strconv.AppendUint(append(b, `{"id":`...), id, 10)
	b = appendText(append(b, ','), "topic", []byte(m.Topic))
	b = strconv.AppendInt(append(b, `,"partition":`...), int64(m.Partition), 10)
	b = strconv.AppendInt(append(b, `,"offset":`...), m.Offset, 10)
	b = strconv.AppendInt(append(b, `,"level":`...), int64(m.Level), 10)
	b = strconv.AppendInt(append(b, `,"attempt":`...), int64(m.Attempt), 10)
	b = appendText(append(b, ','), "key", m.Key)
	b = appendText(append(b, ','), "value", m.Value)
	b = append(b, `,"headers":[`...)
	for i := range m.Headers {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(append(b, '{'), "key", []byte(m.Headers[i].Key))
		b = appendText(append(b, ','), "value", m.Headers[i].Value)
		b = append(b, '}')
	}
	b = append(b, `],"timestamp":`...)
	if m.ProducedAt.IsZero() {
		b = append(b, "null"...)
	} else {
		b = append(b, '"')
		b = append(m.ProducedAt.UTC().AppendFormat(b, time.RFC3339Nano), '"')
	}
	return append(b, "}\n"...)
}

// appendText appends one member: a string, null, or base64 under name_b64.
func appendText(b []byte, name string, text []byte) []byte {
	b = append(append(b, '"'), name...)
	switch {
	case text == nil:
		return append(b, `":null`...)
	case utf8.Valid(text):
		return appendQuoted(append(b, `":`...), text)
	}
	b = append(b, `_b64":"`...)
	return append(base64.StdEncoding.AppendEncode(b, text), '"')
}

// appendQuoted appends valid UTF-8 as a JSON string. What some readers take
// for the end of a line (U+0085, U+2028, U+2029) is escaped too: there is no
// newline inside a line for anybody.
func appendQuoted(b, text []byte) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text[i:])
		}
		if r < ' ' || r == '"' || r == '\\' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			b = append(b, text[from:i]...)
			if r == '"' || r == '\\' {
				b = append(b, '\\', byte(r))
			} else {
				b = fmt.Appendf(b, `\u%04x`, r)
			}
			from = i + size
		}
		i += size
	}
	return append(append(b, text[from:]...), '"')
}

var (
	errGarbage  = errors.New("program answered with a line that isn't the JSON object expected")
	errWrongID  = errors.New("program answered with another message's id")
	errResult   = errors.New("answered with an unknown result: want done, retry or dead")
	errAfter    = errors.New("answered with after_ms below 0")
	errLongLine = errors.New("program answered with a line above 1 MiB")
)

// answer is what is said of a message: by a program, or by a service that got
// several.
type answer struct {
	ID      *uint64 `json:"id"`
	Result  string  `json:"result"`
	Error   string  `json:"error"`
	AfterMS int64   `json:"after_ms"`
}

// parseAnswer reads the answer to the message of that id. Its errors show
// nothing of the line, which may hold payload.
func parseAnswer(line []byte, id uint64) (boostd.Result, error) {
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		return boostd.Result{}, errGarbage
	}
	if a.ID == nil || *a.ID != id {
		return boostd.Result{}, errWrongID
	}
	r, err := a.result("program")
	if err != nil {
		return boostd.Result{}, fmt.Errorf("program %w", err)
	}
	return r, nil
}

// result is what the answer comes to; who gave it stands for a reason that it
// doesn't name.
func (a *answer) result(who string) (boostd.Result, error) {
	r := boostd.Result{Reason: printable([]byte(a.Error), maxText)}
	switch a.Result {
	case "done":
		return done(), nil
	case "dead":
		r.Outcome = boostd.Dead
	case "retry":
		if a.AfterMS < 0 {
			return boostd.Result{}, errAfter
		}
		r.Outcome = boostd.Retry
		r.After = time.Duration(min(a.AfterMS, maxAfter.Milliseconds())) * time.Millisecond
	default:
		return boostd.Result{}, errResult
	}
	if r.Reason == "" {
		r.Reason = who + " said " + a.Result
	}
	return r, nil
}

// readLine reads up to the next newline, which it leaves out. A line that ends
// with the stream isn't one: io.EOF. The line is valid until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	var long []byte
	for {
		part, err := r.ReadSlice('\n')
		switch {
		case err == nil && len(long)+len(part)-1 <= maxAnswerLine:
			part = part[:len(part)-1]
			if long == nil {
				return part, nil
			}
			return append(long, part...), nil
		case err == nil || len(long)+len(part) > maxAnswerLine:
			return nil, errLongLine
		case errors.Is(err, bufio.ErrBufferFull):
			long = append(long, part...)
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		default:
			return nil, fmt.Errorf("read answer: %w", err)
		}
	}
}

package sdk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kafkaboost/boostd/plugins/wire"
)

const (
	// maxReason bounds what a failure says, in bytes: boostd keeps no more.
	maxReason = 200
	// maxAfter is the longest time that a failure may ask for.
	maxAfter = time.Hour
)

// verdict is an error that says more than that the message is to be tried again.
type verdict struct {
	dead  bool
	after time.Duration
	err   error
}

func (v *verdict) Error() string { return v.err.Error() }
func (v *verdict) Unwrap() error { return v.err }

var errNoReason = errors.New("no reason given")

// Dead says that a message fails for good: no further attempt would do better. The
// result wraps err, whose text people see, and is dead also for a nil one.
func Dead(err error) error {
	if err == nil {
		err = errNoReason
	}
	return &verdict{dead: true, err: err}
}

// Deadf is Dead with a text made as by fmt.Errorf. Don't put payload into it: it is
// shown, and it is kept in the dead letter.
func Deadf(format string, args ...any) error { return Dead(fmt.Errorf(format, args...)) }

// RetryAfter asks for the next attempt after at least d, up to an hour, instead of the
// handler's backoff. The result wraps err, and is an error also for a nil one.
func RetryAfter(d time.Duration, err error) error {
	if err == nil {
		err = errNoReason
	}
	return &verdict{after: d, err: err}
}

// failure is the result of a message whose handler returned err; err isn't nil. An
// error that only says that the message was given up is told apart from one of the
// message's own.
func failure(id uint64, err error, call *call) *wire.Failure {
	f := &wire.Failure{Id: id, Reason: reason(err)}
	var v *verdict
	switch {
	case errors.As(err, &v):
		f.Dead = v.dead
		f.AfterMs = milliseconds(v.after)
	case call.givenUp():
		f.Cancelled = true
	case errors.Is(err, context.DeadlineExceeded):
		f.Reason = cut("timed out: " + f.Reason)
	}
	return f
}

// milliseconds rounds up, so that a short time isn't none.
func milliseconds(d time.Duration) uint32 {
	if d <= 0 {
		return 0
	}
	return uint32((min(d, maxAfter) + time.Millisecond - 1) / time.Millisecond)
}

// givenUp is the result of a message that was cancelled before it began.
func givenUp(id uint64) *wire.Failure {
	return &wire.Failure{Id: id, Cancelled: true, Reason: "given up before it began"}
}

// reason is an error's text, also of one that panics when it is asked.
func reason(err error) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprintf("%T without a text", err)
		}
	}()
	return cut(err.Error())
}

// cut makes a text fit for the protocol: valid UTF-8 of bounded length.
func cut(text string) string { return bounded(text, maxReason) }

func bounded(text string, limit int) string {
	if len(text) > limit {
		n := limit
		for n > limit-utf8.UTFMax && !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "?")
}

// checked are the errors of n messages, where a handler of batches may have given too
// many or too few.
func checked(errs []error, n int) []error {
	if len(errs) == n {
		return errs
	}
	var wrong error
	if errs != nil {
		wrong = fmt.Errorf("handler gave %d errors for %d messages: want one for each, or nil when all are done", len(errs), n)
	}
	errs = make([]error, n)
	for i := range errs {
		errs[i] = wrong
	}
	return errs
}

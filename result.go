package boostd

import (
	"errors"
	"time"
)

// Outcome is what became of one attempt, or of a message as a whole.
type Outcome uint8

// The first three are a handler's answers. Held is a decision of the daemon: the
// message waits for a person and is not done. A released one never started, or its
// start doesn't count, and it will come again; a handler whose process was lost says so
// of what that had not begun.
const (
	Done Outcome = iota + 1
	Retry
	Dead
	Held
	Released
)

var outcomeNames = [...]string{"", "done", "retry", "dead", "held", "released"}

// String is the outcome as the audit file and status write it.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) && o != 0 {
		return outcomeNames[o]
	}
	return "unknown"
}

// ErrNotHeld says that there is no such held message.
var ErrNotHeld = errors.New("no such message is held")

// Result is a handler's answer for one message.
type Result struct {
	// Outcome is Done, Retry or Dead, or Released.
	Outcome Outcome
	// After is the shortest time before the next attempt; only with Retry.
	// Zero leaves it to the handler's retry settings.
	After time.Duration
	// Reason says why it wasn't done, for people; at most a few hundred bytes,
	// no payload.
	Reason string
}

// Settlement tells a Source what became of a message that it emitted. Every
// emitted message is settled exactly once with another outcome than Retry.
type Settlement struct {
	Message *Message
	// Outcome is Done (the message may be committed), Dead (given up and safe
	// elsewhere: counts as done), Held (not done: it stays uncommitted and
	// leaves the Source's window), Released (not done, and forgotten) or Retry: an
	// attempt has failed, and the message stays for another.
	Outcome Outcome
	// Attempts have failed so far; only with Retry and Held.
	Attempts int
	// Again says that the message was told of with Retry before.
	Again bool
}

package boostd

// Work is what a worker hands to a handler: a run of messages, to be taken one
// after the other. Both methods are called from the goroutine that the handler
// was called on.
type Work interface {
	// Next starts the attempt of the next message and returns it; from here its
	// timeout runs. It is false when nothing more is to be started: the run is
	// over, its time slice is, the context has ended, a higher level waits, or the
	// next message has the key of one that is taken and not reported: what becomes of
	// that decides on it, and Next may be true again behind the Report. What wasn't
	// started goes back to its place in the queue.
	Next() (*Message, bool)
	// Report ends the attempt of a message that Next returned, exactly once
	// each, in any order. A taken message that was not reported when the
	// handler returns counts as failed.
	Report(m *Message, r Result)
}

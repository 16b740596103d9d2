package boostd

// Work is what a worker hands to a handler: a run of messages, to be taken one
// after the other. Both methods are called from the goroutine that the handler
// was called on.
//
// Where the handler's settings have batch.max above one, the run is for a handler
// that works on several as on one: it calls Next until that is false, works, and
// then reports each. Until its first report nothing but the end of its context
// ends such a run early. Messages of one key come in their order; where an earlier
// one is to come again, so do the later ones, whatever was reported of them.
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

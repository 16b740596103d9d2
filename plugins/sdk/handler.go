package sdk

import "context"

// Handler does the work for one message. It is called from many goroutines at once,
// at most as many as the handler has slots.
//
// ctx ends when the message takes longer than the handler's timeout, when boostd
// gives it up because a more urgent one needs the slot or the daemon stops, and when
// the process ends; not before. The result counts all the same: nil is done. An error
// is a retry, unless it wraps Dead or RetryAfter.
type Handler interface {
	Handle(ctx context.Context, m *Message) error
}

// HandlerFunc is a Handler that is a function.
type HandlerFunc func(ctx context.Context, m *Message) error

// Handle calls the function.
func (f HandlerFunc) Handle(ctx context.Context, m *Message) error { return f(ctx, m) }

// BatchHandler is a Handler that can take several messages as one, as a bulk insert
// does. HandleBatch is called for what boostd wants handled together, which it does
// where the handler's section in boostd.yaml says so; all else comes to Handle. A
// Handler without HandleBatch gets messages that belong together one after the other.
//
// The errors are the messages' in their order, nil for those that are done; a nil
// slice means that all are done. With another number of errors all messages are tried
// again. ctx ends for all at once: after one timeout, or when one of them is given up.
type BatchHandler interface {
	Handler
	HandleBatch(ctx context.Context, messages []*Message) []error
}

// BatchHandlerFunc is a BatchHandler that is a function. A message that comes alone
// is a batch of one.
type BatchHandlerFunc func(ctx context.Context, messages []*Message) []error

// HandleBatch calls the function.
func (f BatchHandlerFunc) HandleBatch(ctx context.Context, messages []*Message) []error {
	return f(ctx, messages)
}

// Handle calls the function with one message.
func (f BatchHandlerFunc) Handle(ctx context.Context, m *Message) error {
	return checked(f(ctx, []*Message{m}), 1)[0]
}

// Start is what a plugin learns before its first message.
type Start struct {
	// Handler is the entry's name in boostd.yaml.
	Handler string
	// Boostd is boostd's version.
	Boostd string
	// Slots is how many calls of the Handler there are at once, at most; at least 1.
	Slots int
	// Settings are `settings:` of the entry, the handler's own. Never nil.
	Settings map[string]string
}

// Starter is a Handler that makes something ready before its first message, such as a
// connection, or checks its settings. An error refuses the work, and its text is
// shown to people. ctx is for Start alone: it ends when boostd waits no longer.
type Starter interface {
	Start(ctx context.Context, s Start) error
}

// Closer is a Handler that gives back what it holds, after the last message; one that
// has ignored its context may still run. Close is called once, if the handler has
// started, and not at all after a crash. ctx ends shortly before boostd ends the process:
// there is at most a second.
type Closer interface {
	Close(ctx context.Context) error
}

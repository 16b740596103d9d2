// Package conformance tries a plugin: it starts the program as boostd does, with
// go-plugin's client, a clean environment and a process group of its own, and looks
// whether it keeps to handler.proto. `boostd handlers check` prints what it finds.
//
// Handlers do all sorts of things with a message, so the cases accept any result as
// long as there is exactly one for each message. With Options.Behaviour the results are
// looked at, too; for that the handler must do what a message's value says. It is a
// JSON object:
//
//	{"do": "done" | "retry" | "dead" | "panic" | "sleep" | "describe",
//	 "reason": "…", "after_ms": N, "ms": N}
//
//	done      it returns
//	retry     it fails with reason; with after_ms above 0 it asks for that time
//	dead      it fails for good with reason
//	panic     it panics with reason, or throws, or raises: not by the SDK's own means
//	sleep     it waits for ms milliseconds and returns; when it is cancelled it stops
//	          waiting at once and fails as its language does it
//	describe  it fails for good, and the reason is the message, as
//	          orders/3@7 level=9 attempt=2 key=6b31 headers=[a=31,a=,b=null] produced_ms=1700000000000
//	          with bytes in lower-case hex, null for what is absent, headers in their
//	          order, and 0 for a time that nobody knows
//
// What is missing is "" or 0, what is unknown is ignored. For every other value it
// fails for good. With the setting refuse=TEXT its start fails with a message that
// contains TEXT.
//
// The package owns the cases, and the processes that it starts: Run leaves none. It
// doesn't own the protocol, nor how boostd itself deals with plugins.
package conformance

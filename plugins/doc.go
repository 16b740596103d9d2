// Package plugins is the handlers: what does the work for a message. There are
// five kinds: log, noop and sleep are built in, http posts every message to a
// service, exec hands it to a long-lived program.
//
// It owns the kinds, their section of boostd.yaml, the connections and
// processes that they need, and what the outside world is told about a message
// (headers.go for HTTP, line.go for programs). It doesn't own slots, timeouts
// or retries: it is called once for each busy slot, it ends an attempt when its
// context ends, and its answer is a result; what follows from a result is
// decided elsewhere.
//
// Processes are started with the means of Linux, so the package is for Linux.
package plugins

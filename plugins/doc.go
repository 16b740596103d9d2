// Package plugins is the handlers: what does the work for a message. There are
// seven kinds: log, noop and sleep are built in, http posts messages to a service, one
// by one or several together, exec hands them to programs that stay or starts one
// for each, plugin has one process that serves all slots over package wire's protocol,
// forward writes them to another topic.
//
// It owns the kinds, their section of boostd.yaml, the connections and
// processes that they need, and what the outside world is told about a message
// (headers.go and httpbatch.go for HTTP, line.go and environment.go for
// programs). It doesn't own slots, timeouts or retries: it is called once for each
// busy slot, it ends an attempt when its context ends, and its answer is a result;
// what follows from a result is decided elsewhere. Nor does it own the Kafka client
// that forward writes with: it declares Forwarder.
//
// Processes are started with the means of Linux, so the package is for Linux.
package plugins

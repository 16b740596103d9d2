// Package console is how people and programs look at a running daemon and
// change what it does: an HTTP interface on a Unix socket for the commands, one
// on a port for metrics and health, and the client that the commands use.
//
// It owns requests, answers and their JSON, metrics' names, and who may ask for
// what. It knows the daemon only through the interface that it declares: what
// an answer says is the daemon's.
package console

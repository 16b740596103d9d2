// Package boostd is the vocabulary that every room of the daemon shares: what
// a message, a level, a result and a settlement are, the events of a source,
// and the value types that configuration uses.
//
// It owns words, not behaviour. It imports the standard library alone, starts
// nothing, reads no clock and does no I/O; whatever decides or acts lives in
// the rooms (scheduler, offsets, priority, kafkaio, actors, …).
package boostd

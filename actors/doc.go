// Package actors is the living part of the daemon: a guardian that owns every
// actor, one consumer actor per Source, one scheduler actor, and one worker
// actor per slot of a handler's pool, the scheduler's children: it hires and
// dismisses them as slots come and go.
//
// It owns the actors' protocol, their life and death, and the goroutines that
// handlers run on. It owns no decision: what runs next, who may fetch and what
// a failed attempt becomes is said by the scheduler package's pure core. It
// knows neither Kafka nor any kind of handler: it declares the interfaces
// Source and Handler and is given implementations.
package actors

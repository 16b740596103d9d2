// Package scheduler decides, as a pure core, what runs next and who may fetch.
//
// It owns the level queues of every handler's pool, the policies that say which
// level a free slot takes, the order within a level (locks on keys and
// partitions, turns of topics), batch sizes and how long batches wait to fill,
// retries and their backoff, preemption, the start rule, and the gate that pauses
// and resumes consumers. Every decision is a method of Core that takes the time as
// an argument and returns Effects: what to dispatch, what to settle, whom to pause,
// and when to be called again.
//
// It owns no clock, goroutine, timer, logger, randomness or I/O, knows neither
// Kafka nor actors, and is not safe for concurrent use: one actor drives it.
// DESIGN.md has the reasons and the proof sketches.
package scheduler

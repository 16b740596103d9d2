// Package audit writes and reads the record of what was done: one JSON line for
// every finished attempt of a message.
//
// It owns the line's form, the file, when it is written, and what happens when a
// line can't be. It owns no judgement: audit/verdict computes losses, duplicates,
// waits and inversions from the lines, and what a result means for a message
// is the scheduler's.
package audit

// Package deadletter is the form of a message that was given up: the record in
// {base}_dlq that keeps it, and what can be told and done from that record alone.
//
// A dead letter is the original's key, value and headers as they were, and then
// headers that begin with boostd_dlq_ and say where it came from and why it is
// here. Nothing in a topic can be changed, so what became of a letter is a second
// record in the same partition, a mark: without key and value, with headers that
// name the letter's offset and what was done. A record that has neither was
// written by somebody else. It is a letter of unknown origin: it can be listed and
// purged, and not replayed.
//
// The package owns that form, which letters a filter means, and what may be sent
// back to where it came from. It is pure: who reads and writes topics, and when a
// message is dead, is decided elsewhere.
package deadletter

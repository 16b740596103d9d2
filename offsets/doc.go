// Package offsets knows, as a pure core, what of each partition was delivered,
// what is done, and what may therefore be committed.
//
// It owns the rule "an offset is committed only when it and everything
// delivered before it is done", and the epochs that keep results of an old
// assignment from counting in a new one. It owns no Kafka client, no clock and
// no lock: one Source drives a Tracker and guards it. DESIGN.md has the reasons.
package offsets

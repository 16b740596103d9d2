// Package chaos breaks everything under a group of daemons that can break (the
// daemons, the brokers, the network between them, the disk, the handler) in an
// order that a seed decides, and judges what the handler has seen.
//
// It owns the faults, the handler with its ledger, and the verdict. The ledger is
// the test's own memory: the daemons post their messages to an HTTP service that
// the test serves, so that it knows each attempt's start and end whatever dies.
// The audit is never read. All that a run saw is its History, which can be
// written to a file and judged again without a broker.
//
// It owns no daemon's inside: what it knows of boostd is what boostd promises.
package chaos

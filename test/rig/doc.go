// Package rig is what the end-to-end tests share: clusters to run against, a
// daemon's configuration, the daemon inside the test or as a process, a
// producer with a ledger, and the verdict at the end.
//
// It owns no expectation: what must hold is said by the tests.
package rig

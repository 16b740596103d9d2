package kafkatest

import "testing"

// New starts a cluster for one test and closes it at the test's end. Where the
// machine lacks a tool the test is NOT RUN: see Require. When the test fails,
// the end of every node's log is printed with it.
func New(tb testing.TB, o Options) *Cluster {
	tb.Helper()
	Require(tb)
	c, err := Start(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Log(c.logs())
		}
		if err := c.Close(); err != nil {
			tb.Errorf("close the kafka cluster: %v", err)
		}
	})
	return c
}

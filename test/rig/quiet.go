package rig

import (
	"testing"
	"time"
)

// Quiet checks that a condition holds for a while.
func Quiet(t testing.TB, d time.Duration, condition func() bool) {
	t.Helper()
	if await(d, func() bool { return !condition() }) {
		t.Errorf("it did not stay so for %v", d)
	}
}

package sim

import (
	"strings"
	"testing"
)

// Slots take one message after the other here, so figures for batches would be wrong.
func TestBatchesAreNotSimulated(t *testing.T) {
	c := small()
	c.Loads = []Load{{Partitions: 1, Steady: 1}}
	if errs := c.Validate(); len(errs) > 0 {
		t.Fatal(errs)
	}
	c.Pool.Batch.Max = 2
	if errs := c.Validate(); len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), "batch.max: 2: want 1") {
		t.Errorf("errors %v", errs)
	}
}

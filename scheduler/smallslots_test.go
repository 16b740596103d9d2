package scheduler

import "slices"

// What is checked of slots that come and go in the small world.

// compareChanged: the same slots come and go, and there are as many as there should
// be.
func (w *small) compareChanged(what string, core []SlotID, naive []naiveSlot) {
	if !slices.EqualFunc(core, naive, func(c SlotID, n naiveSlot) bool { return int(c.Pool) == n.pool && c.Slot == n.slot }) {
		w.fail("slots %v are %s, want %v", core, what, naive)
	}
	for _, c := range core {
		if w.open[c.Pool][c.Slot] == (what == "opened") {
			w.fail("slot %v is %s twice", c, what)
		}
		w.open[c.Pool][c.Slot] = what == "opened"
	}
}

// compareOpen: there is each slot that has a batch, and beside those the ones that
// there should be.
func (w *small) compareOpen() {
	for pool, p := range w.naive.pools {
		for slot, open := range w.open[pool] {
			if want := slot < p.config.Slots || slot < len(p.batches) && p.batches[slot].busy; open != want {
				w.fail("slot %d of pool %d is there: %v, want %v", slot, pool, open, want)
			}
		}
		if p := w.core.pools[pool]; p.busy() != w.naive.pools[pool].busyBelow(MaxLevels) || len(p.isBusy) > smallSlots {
			w.fail("pool %d has %d busy slots, want %d", pool, p.busy(), w.naive.pools[pool].busyBelow(MaxLevels))
		}
	}
}

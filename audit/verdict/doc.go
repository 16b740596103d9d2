// Package verdict judges a run from outside: what was lost, what was repeated,
// how long each level waited, and whether a lower level ever went first.
//
// It owns the arithmetic over two witnesses, the producer's ledger and the
// audit's records, and the recorder of stalls on shared cores. It never asks
// the scheduler, whose opinion of itself counts for nothing here, and it owns
// neither the producer nor the daemon that is judged.
package verdict

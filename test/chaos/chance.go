package chaos

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// chance is a number from 0 to 1 that depends on its arguments alone, so that a
// message's fate is the same in whichever order messages come.
func chance(seed uint64, id int64, attempt int, what string) float64 {
	h := fnv.New64a()
	fmt.Fprint(h, what, id, " ", attempt)
	return rand.New(rand.NewPCG(seed, h.Sum64())).Float64()
}

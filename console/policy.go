package console

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kafkaboost/boostd"
)

// Policy is what priority means for a handler's messages. Its first four keys are
// those of `policy:` in boostd.yaml and in the settings document.
type Policy struct {
	// Mode is strict or exclusive.
	Mode string `json:"mode"`
	// MaxWait is 0s when nothing goes first for its age.
	MaxWait boostd.Duration `json:"max_wait"`
	// MinShare are percents by level, Reserve slots by level; empty, not null.
	MinShare map[int]int `json:"min_share"`
	Reserve  map[int]int `json:"reserve"`
	// Preemptible is the handler's, wherever the policy is from.
	Preemptible bool `json:"preemptible"`
	// From is handler (handlers.NAME.policy), document (the settings document's), or
	// file (boostd.yaml's policy, or the default where it has none).
	From string `json:"from"`
}

// Strict reports whether nothing lower starts while something higher is ready.
func (p Policy) Strict() bool {
	return p.Mode == "strict" && p.MaxWait == 0 && len(p.MinShare) == 0 && len(p.Reserve) == 0
}

// String is the policy in one line, for people, without where it is from.
func (p Policy) String() string {
	parts := []string{p.Mode}
	if p.MaxWait > 0 {
		parts = append(parts, "max_wait "+p.MaxWait.String())
	}
	if len(p.MinShare) > 0 {
		parts = append(parts, "min_share "+byLevel(p.MinShare, ": ", "%"))
	}
	if len(p.Reserve) > 0 {
		parts = append(parts, "reserve "+byLevel(p.Reserve, ": ", ""))
	}
	if p.Preemptible {
		parts = append(parts, "preemptible")
	}
	return strings.Join(parts, "; ")
}

// byLevel lists numbers by level, ascending, levels in a row with the same one as
// a range.
func byLevel(numbers map[int]int, is, unit string) string {
	var parts []string
	for levels := slices.Sorted(maps.Keys(numbers)); len(levels) > 0; {
		n := 1
		for n < len(levels) && levels[n] == levels[0]+n && numbers[levels[n]] == numbers[levels[0]] {
			n++
		}
		r := boostd.LevelRange{From: boostd.Level(levels[0]), To: boostd.Level(levels[n-1])}
		parts = append(parts, fmt.Sprintf("%s%s%d%s", r, is, numbers[levels[0]], unit))
		levels = levels[n:]
	}
	return strings.Join(parts, ", ")
}

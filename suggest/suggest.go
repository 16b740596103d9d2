// Package suggest finds what a misspelt word was meant to be.
//
// It owns the hint behind an error; which words there are is the callers'.
package suggest

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// longest is the longest word that is compared: the work is the product of both
// lengths, and nobody means a longer one.
const longest = 255

// DidYouMean is `, did you mean "…"?` with the candidate that is nearest to a
// word, of equal ones the first, or empty when none is within so many edits.
// Case doesn't count.
func DidYouMean(word string, candidates []string, edits int) string {
	if len(word) > longest {
		return ""
	}
	best, distance := "", edits+1
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(c)); d < distance && d < len(c) {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", best)
}

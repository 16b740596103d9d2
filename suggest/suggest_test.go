package suggest

import (
	"strings"
	"testing"
)

func TestDidYouMean(t *testing.T) {
	words := []string{"slots", "Slow", "timeout", "a"}
	for _, c := range []struct {
		word, want string
		edits      int
	}{
		{"slot", `, did you mean "slots"?`, 2},
		{"SLOTS", `, did you mean "slots"?`, 2},
		{"slo", `, did you mean "Slow"?`, 2},
		{"timeuot", `, did you mean "timeout"?`, 2},
		{"tmot", "", 2},
		{"tmout", `, did you mean "timeout"?`, 2},
		{"timt", `, did you mean "timeout"?`, 3},
		{"x", "", 2}, // any letter is one edit from another
		{"", "", 2},
		{strings.Repeat("slots", 100), "", 1000},
	} {
		if got := DidYouMean(c.word, words, c.edits); got != c.want {
			t.Errorf("%q within %d: %q, want %q", c.word, c.edits, got, c.want)
		}
	}
}

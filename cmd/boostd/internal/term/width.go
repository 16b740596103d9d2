package term

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// Width is how many cells of a terminal a text without control characters fills.
func Width(text string) int {
	n := 0
	for _, r := range text {
		n += cells(r)
	}
	return n
}

func cells(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// harmless replaces what a terminal would obey: texts come from other people's
// settings, topics and words.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// fit cuts a text to n cells. Spaces at the end aren't missed.
func fit(text string, n int) string {
	if Width(text) <= n {
		return text
	}
	if bare := strings.TrimRight(text, " "); Width(bare) <= n {
		return bare + strings.Repeat(" ", n-Width(bare))
	}
	if n < 1 {
		return ""
	}
	left := n - 1
	for at, r := range text {
		if left -= cells(r); left < 0 {
			return text[:at] + "…"
		}
	}
	return text
}

// fill is how many of the words fit into n cells: at least one.
func fill(words []string, n int) int {
	count := 0
	for _, w := range words {
		if n -= Width(w); n < 0 {
			break
		}
		count++
		n--
	}
	return max(count, 1)
}

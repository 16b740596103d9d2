package boostd

import (
	"fmt"
	"strconv"
	"strings"
)

// LevelRange is the levels from From to To, both included. As a text, a key of
// configuration for example, it is 3-5, or 8 where there is one.
type LevelRange struct{ From, To Level }

// maxLevelDigits bounds a level's number: what is longer is no level.
const maxLevelDigits = 9

// ParseLevelRange reads 8 or 3-5: whole numbers without signs and leading zeros,
// the lower one first. Whether there are such levels is not looked at.
func ParseLevelRange(text string) (LevelRange, error) {
	first, last, isRange := strings.Cut(text, "-")
	from, ok := parseLevel(first)
	to, okTo := from, true
	if isRange {
		to, okTo = parseLevel(last)
	}
	switch {
	case !ok || !okTo:
		return LevelRange{}, fmt.Errorf("%.40q: want a level or a range of levels, such as 8 or 3-5", text)
	case from > to:
		return LevelRange{}, fmt.Errorf("%.40q: want the lower level first, %d-%d", text, to, from)
	}
	return LevelRange{from, to}, nil
}

func parseLevel(text string) (Level, bool) {
	n, err := strconv.Atoi(text)
	return Level(n), err == nil && len(text) <= maxLevelDigits && strconv.Itoa(n) == text && n >= 0
}

// String is the range as ParseLevelRange reads it.
func (r LevelRange) String() string {
	if r.From == r.To {
		return strconv.Itoa(int(r.From))
	}
	return fmt.Sprintf("%d-%d", r.From, r.To)
}

// Has reports whether a level is in the range.
func (r LevelRange) Has(n Level) bool { return r.From <= n && n <= r.To }

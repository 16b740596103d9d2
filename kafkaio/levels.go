package kafkaio

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/priority"
)

// baseLevel is what the base topics are called among levels.
const baseLevel = "base"

// Levels are some levels, and maybe the base topics. As a text they are a level, a
// range, base, or several of these with commas between: 0, 5, 8-10, base.
type Levels struct {
	Base   bool
	Ranges []boostd.LevelRange
}

// UnmarshalText reads the form above. Levels that can't be are refused.
func (l *Levels) UnmarshalText(text []byte) error {
	var read Levels
	for part := range strings.SplitSeq(string(text), ",") {
		part = strings.TrimSpace(part)
		if part == baseLevel {
			read.Base = true
			continue
		}
		r, err := boostd.ParseLevelRange(part)
		switch {
		case err != nil && strings.Contains(err.Error(), "want a level"):
			return fmt.Errorf("%.40q: want levels, such as 8, 3-5 or base", part)
		case err != nil:
			return fmt.Errorf("%w", err)
		case r.To > priority.MaxLevel:
			return fmt.Errorf("%.40q: no level is above %d", part, priority.MaxLevel)
		}
		read.Ranges = append(read.Ranges, r)
	}
	*l = read
	return nil
}

// MarshalText writes the levels as UnmarshalText reads them.
func (l Levels) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// String is the form that UnmarshalText reads.
func (l Levels) String() string {
	var parts []string
	for _, r := range l.Ranges {
		parts = append(parts, r.String())
	}
	if l.Base {
		parts = append(parts, baseLevel)
	}
	return strings.Join(parts, ", ")
}

// has reports whether a level, by its number or base, is among them.
func (l Levels) has(level string) bool {
	if level == baseLevel {
		return l.Base
	}
	n, err := strconv.Atoi(level)
	return err == nil && slices.ContainsFunc(l.Ranges, func(r boostd.LevelRange) bool { return r.Has(boostd.Level(n)) })
}

// Consumes reports whether this instance consumes a level, by its number or base:
// without OnlyLevels it consumes all.
func (c Config) Consumes(level string) bool {
	return c.OnlyLevels == nil || slices.ContainsFunc(c.OnlyLevels, func(l Levels) bool { return l.has(level) })
}

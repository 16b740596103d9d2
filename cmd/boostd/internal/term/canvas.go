// Package term draws on a terminal: lines of styled text that fit its width, and
// a page of its own that is given back afterwards.
//
// It owns escape sequences; what is drawn is the callers'.
package term

import (
	"strings"
	"unicode/utf8"
)

// Style is an ANSI sequence.
type Style string

// The styles; Plain has no sequence, Busy is for bars.
const (
	Plain  Style = ""
	Bold   Style = "\x1b[1m"
	Faint  Style = "\x1b[2m"
	Red    Style = "\x1b[31m"
	Green  Style = "\x1b[32m"
	Yellow Style = "\x1b[33m"
	Busy   Style = "\x1b[36m"
	// Reset ends any of them.
	Reset = "\x1b[0m"
)

// States are the styles of a consumer's states.
var States = map[string]Style{"RUN": Green, "HOLD": Yellow, "PAUSED": Yellow}

// Canvas builds Lines of at most Width characters; what has no room is cut off.
// Colour is by ANSI sequences, which have no width.
type Canvas struct {
	Width  int
	Colour bool
	Lines  []string

	current strings.Builder
	left    int
}

// Line adds a whole line: styles and the texts that have them, in turn.
func (c *Canvas) Line(parts ...any) {
	c.Begin(parts...)
	c.End()
}

// Begin begins a line, to be added to; End ends it.
func (c *Canvas) Begin(parts ...any) {
	c.current.Reset()
	c.left = c.Width
	c.Add(parts...)
}

// Add appends texts, each behind its style, and cuts off what has no room.
func (c *Canvas) Add(parts ...any) {
	for n := 0; n+1 < len(parts); n += 2 {
		s, text := parts[n].(Style), cut(parts[n+1].(string), c.left)
		c.left -= utf8.RuneCountInString(text)
		if c.Colour && s != Plain && text != "" {
			text = string(s) + text + Reset
		}
		c.current.WriteString(text)
	}
}

// End ends the line that was begun.
func (c *Canvas) End() { c.Lines = append(c.Lines, strings.TrimRight(c.current.String(), " ")) }

// cut keeps the first n characters.
func cut(text string, n int) string {
	for at := range text {
		if n == 0 {
			return text[:at]
		}
		n--
	}
	return text
}

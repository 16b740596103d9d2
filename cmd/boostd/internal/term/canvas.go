// Package term draws on a terminal: lines of styled text that fit its width, and
// a page of its own that is given back afterwards.
//
// It owns escape sequences; what is drawn is the callers'.
package term

import "strings"

// Style is an ANSI sequence.
type Style string

// The styles; Plain has no sequence, Busy is for bars, Alert can't be overlooked.
const (
	Plain  Style = ""
	Bold   Style = "\x1b[1m"
	Faint  Style = "\x1b[2m"
	Red    Style = "\x1b[31m"
	Green  Style = "\x1b[32m"
	Yellow Style = "\x1b[33m"
	Busy   Style = "\x1b[36m"
	Alert  Style = "\x1b[1;97;41m"
	// Reset ends any of them.
	Reset = "\x1b[0m"
)

// States are the styles of a consumer's states.
var States = map[string]Style{"RUN": Green, "HOLD": Yellow, "PAUSED": Yellow}

// Canvas builds Lines that fill at most Width cells; what has no room is cut off,
// and … shows that. Colour is by ANSI sequences, which have no width; control
// characters in texts lose their effect.
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
		s, text := parts[n].(Style), fit(harmless(parts[n+1].(string)), c.left)
		c.left -= Width(text)
		if c.Colour && s != Plain && text != "" {
			text = string(s) + text + Reset
		}
		c.current.WriteString(text)
	}
}

// End ends the line that was begun.
func (c *Canvas) End() { c.Lines = append(c.Lines, strings.TrimRight(c.current.String(), " ")) }

// Fold adds a text that people must be able to read to its end: it goes on in
// lines of its own, indented, though at most in so many lines altogether.
func (c *Canvas) Fold(lines, indent int, lead []any, s Style, text string) {
	c.Begin(lead...)
	words := strings.Fields(text)
	for line := 1; len(words) > 0; line++ {
		n := len(words)
		if line < lines {
			n = fill(words, c.left)
		}
		c.Add(s, strings.Join(words[:n], " "))
		if words = words[n:]; len(words) > 0 {
			c.End()
			c.Begin(Plain, strings.Repeat(" ", indent))
		}
	}
	c.End()
}

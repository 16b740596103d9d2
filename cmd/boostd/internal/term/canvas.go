package demo

import (
	"strings"
	"unicode/utf8"
)

// style is an ANSI sequence; plain has none.
type style string

const (
	plain  style = ""
	bold   style = "\x1b[1m"
	faint  style = "\x1b[2m"
	green  style = "\x1b[32m"
	yellow style = "\x1b[33m"
	busy   style = "\x1b[36m"
	reset        = "\x1b[0m"
)

// canvas builds lines of at most width characters.
type canvas struct {
	width  int
	colour bool
	lines  []string

	current strings.Builder
	left    int
}

// line adds a whole line: styles and the texts that have them, in turn.
func (c *canvas) line(parts ...any) {
	c.begin(parts...)
	c.end()
}

func (c *canvas) begin(parts ...any) {
	c.current.Reset()
	c.left = c.width
	c.add(parts...)
}

// add appends texts, each behind its style, and cuts off what has no room.
func (c *canvas) add(parts ...any) {
	for n := 0; n+1 < len(parts); n += 2 {
		s, text := parts[n].(style), cut(parts[n+1].(string), c.left)
		c.left -= utf8.RuneCountInString(text)
		if c.colour && s != plain && text != "" {
			text = string(s) + text + reset
		}
		c.current.WriteString(text)
	}
}

func (c *canvas) end() { c.lines = append(c.lines, strings.TrimRight(c.current.String(), " ")) }

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

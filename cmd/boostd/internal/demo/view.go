package demo

import (
	"fmt"
	"strings"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
)

// barWidth is the width of a level's progress bar.
const barWidth = 8

// Render draws the picture in lines of at most width characters; what doesn't
// fit is cut off. Colour is by ANSI sequences, which have no width.
func Render(s Snapshot, width int, colour bool) []string {
	c := term.Canvas{Width: width, Colour: colour}
	c.Line(term.Bold, "boostd demo", term.Plain, fmt.Sprintf("  %s of at most %s, %s, handler %s", seconds(s.Elapsed), seconds(s.Total), s.Where, s.Handler))
	c.Line(term.Plain, s.Phase)
	c.Line()
	c.Line(term.Plain, "slots  ", term.Busy, bar(s.Busy, s.Slots, 32), term.Plain, fmt.Sprintf("  %d of %d busy", s.Busy, s.Slots))
	c.Line()
	c.Line(term.Faint, fmt.Sprintf("%5s %9s %6s %9s %9s %7s  %-*s  %s", "level", "in Kafka", "here", "in flight", "done", "msg/s", barWidth, "progress", "gate"))
	for n, l := range s.Levels {
		if n > 0 && s.Levels[n-1].Own && !l.Own {
			drawGate(&c, fmt.Sprintf("%5s %9s %*s", "base", waiting(s.Base.Broker), 6+9+9+7+barWidth+7, ""), s.Base)
		}
		drawLevel(&c, l, s.Running)
	}
	return c.Lines
}

func drawLevel(c *term.Canvas, l LevelView, running bool) {
	name := term.Plain
	if l.Level > lowMax {
		name = term.Bold
	}
	done, rate := "-", "-"
	if running {
		done, rate = number(l.Done), number(int(l.Rate+0.5))
	}
	c.Begin(name, fmt.Sprintf("%5d", l.Level), term.Plain, fmt.Sprintf(" %9s %6s %9s %9s %7s  ",
		waiting(l.Consumer.Broker), number(l.Queued), number(l.InFlight), done, rate))
	c.Add(term.Busy, bar(l.Done, l.Produced, barWidth), term.Plain, "  ")
	if l.Own && l.Consumer.State != "" {
		drawState(c, l.Consumer)
	}
	c.End()
}

func drawGate(c *term.Canvas, text string, v ConsumerView) {
	c.Begin(term.Plain, text)
	if v.State != "" {
		drawState(c, v)
	}
	c.End()
}

func drawState(c *term.Canvas, v ConsumerView) {
	c.Add(term.States[v.State], v.State)
	if v.Reason != "" {
		c.Add(term.Faint, " "+v.Reason)
	}
}

// waiting is a number of messages, or - when it isn't known.
func waiting(n int64) string {
	if n < 0 {
		return "-"
	}
	return number(int(n))
}

// bar is a part of a whole; anything begun shows, and only all of it is full.
func bar(part, whole, width int) string {
	full := 0
	if whole > 0 {
		full = min(max(part, 0)*width/whole, width)
		if full == 0 && part > 0 {
			full = 1
		}
	}
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}

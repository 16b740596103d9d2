package demo

import (
	"fmt"
	"strings"
)

// barWidth is the width of a level's progress bar.
const barWidth = 8

// Render draws the picture in lines of at most width characters; what doesn't
// fit is cut off. Colour is by ANSI sequences, which have no width.
func Render(s Snapshot, width int, colour bool) []string {
	c := canvas{width: width, colour: colour}
	c.line(bold, "boostd demo", plain, fmt.Sprintf("  %s of at most %s, %s, handler %s", seconds(s.Elapsed), seconds(s.Total), s.Where, s.Handler))
	c.line(plain, s.Phase)
	c.line()
	c.line(plain, "slots  ", busy, bar(s.Busy, s.Slots, 32), plain, fmt.Sprintf("  %d of %d busy", s.Busy, s.Slots))
	c.line()
	c.line(faint, fmt.Sprintf("%5s %9s %6s %9s %9s %7s  %-*s  %s", "level", "in Kafka", "here", "in flight", "done", "msg/s", barWidth, "progress", "gate"))
	for n, l := range s.Levels {
		if n > 0 && s.Levels[n-1].Own && !l.Own {
			c.gate(fmt.Sprintf("%5s %9s %*s", "base", waiting(s.Base.Broker), 6+9+9+7+barWidth+7, ""), s.Base)
		}
		c.level(l, s.Running)
	}
	return c.lines
}

func (c *canvas) level(l LevelView, running bool) {
	name := plain
	if l.Level > lowMax {
		name = bold
	}
	done, rate := "-", "-"
	if running {
		done, rate = number(l.Done), number(int(l.Rate+0.5))
	}
	c.begin(name, fmt.Sprintf("%5d", l.Level), plain, fmt.Sprintf(" %9s %6s %9s %9s %7s  ",
		waiting(l.Consumer.Broker), number(l.Queued), number(l.InFlight), done, rate))
	c.add(busy, bar(l.Done, l.Produced, barWidth), plain, "  ")
	if l.Own && l.Consumer.State != "" {
		c.state(l.Consumer)
	}
	c.end()
}

func (c *canvas) gate(text string, v ConsumerView) {
	c.begin(plain, text)
	if v.State != "" {
		c.state(v)
	}
	c.end()
}

func (c *canvas) state(v ConsumerView) {
	style := map[string]style{"RUN": green, "HOLD": yellow, "PAUSED": yellow}[v.State]
	c.add(style, v.State)
	if v.Reason != "" {
		c.add(faint, " "+v.Reason)
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

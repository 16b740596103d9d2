package dashboard

import (
	"fmt"
	"strings"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/console"
)

// roomForState is what a level's state and reason want at least.
const roomForState = 24

// column is a figure of every level. The one with the highest drop is the first
// to go where the terminal is narrow; 0 always stays.
type column struct {
	name  string
	width int
	drop  int
	text  func(console.Level) string
}

var columns = []column{
	{"in brokers", 10, 0, func(l console.Level) string { return number(l.Backlog.Broker) }},
	{"queued", 7, 0, func(l console.Level) string { return term.Number(int64(l.Backlog.Queued)) }},
	{"in flight", 9, 2, func(l console.Level) string { return term.Number(int64(l.InFlight)) }},
	{"oldest", 7, 1, func(l console.Level) string { return milliseconds(l.OldestMS) }},
	{"rate/s", 7, 3, func(l console.Level) string { return rate(l.Rate) }},
	{"drains in", 9, 4, func(l console.Level) string { return seconds(l.DrainS) }},
}

func levels(c *term.Canvas, all []console.Level) {
	shown := fitting(c.Width)
	var head strings.Builder
	for _, k := range shown {
		fmt.Fprintf(&head, " %*s", k.width, k.name)
	}
	c.Line(term.Faint, "level"+head.String()+"  state")
	for _, l := range all {
		c.Begin(term.Bold, fmt.Sprintf("%5d", l.Level))
		for _, k := range shown {
			c.Add(term.Plain, fmt.Sprintf(" %*s", k.width, k.text(l)))
		}
		reason := l.Reason
		if l.Paused != nil {
			reason = "by hand" // who and why stand above
		}
		c.Add(term.Plain, "  ", term.States[l.State], l.State, term.Faint, " "+reason)
		c.End()
	}
}

// fitting are the columns that leave room for the state.
func fitting(width int) []column {
	for drop := 5; ; drop-- {
		var shown []column
		total := len("level")
		for _, k := range columns {
			if k.drop < drop {
				shown = append(shown, k)
				total += 1 + k.width
			}
		}
		if drop == 1 || total+2+roomForState <= width {
			return shown
		}
	}
}

func rate(r *float64) string {
	switch {
	case r == nil:
		return unknown
	case *r > 0 && *r < 10:
		return fmt.Sprintf("%.1f", *r)
	}
	return term.Number(int64(*r + 0.5))
}

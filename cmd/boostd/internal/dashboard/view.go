// Package dashboard shows a daemon's status to people: as a page of text, and
// live on a terminal.
//
// It owns the picture; what the numbers mean is console.Status's.
package dashboard

import (
	"fmt"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/console"
)

// unknown stands for a number that isn't known; it is never shown as 0.
const unknown = "–"

// lateCommit is from which age on a commit is worth a word.
const lateCommit = 5 * time.Second

// Render draws a status in lines of at most width characters; now is what ages
// are counted to.
func Render(s *console.Status, now time.Time, width int, colour bool) []string {
	c := &term.Canvas{Width: width, Colour: colour}
	header(c, s, now)
	for _, a := range s.Alarms {
		c.Line(term.Red, "ALARM", term.Plain, fmt.Sprintf("  %s  %s  ", a.Kind, age(now.Sub(a.Since))), term.Bold, a.Text)
	}
	if len(s.Levels) > 0 {
		c.Line()
		levels(c, s.Levels)
	}
	if len(s.Consumers) > 0 {
		c.Line()
		consumers(c, s.Consumers)
	}
	if len(s.Handlers) > 0 {
		c.Line()
		handlers(c, s.Handlers)
	}
	held(c, s)
	return c.Lines
}

func header(c *term.Canvas, s *console.Status, now time.Time) {
	state, style := "ready", term.Green
	if !s.Ready {
		state, style = "not ready", term.Red
	}
	c.Line(term.Bold, "boostd "+s.Version, term.Plain, fmt.Sprintf("  %s  up %s  %s, ", s.Instance, age(time.Duration(s.UptimeS)*time.Second), s.Phase), style, state)
	if s.Waiting != "" {
		c.Line(term.Yellow, "waiting for "+s.Waiting)
	}
	settings := "settings " + s.Settings.Source
	if len(s.Settings.Hash) >= 12 {
		settings += "  " + s.Settings.Hash[:12]
	}
	if t := s.Settings.LoadedAt; t != nil {
		settings += "  in force for " + age(now.Sub(*t))
	}
	c.Line(term.Faint, settings)
	if s.Settings.Error != "" {
		c.Line(term.Red, "settings: ", term.Plain, strings.ReplaceAll(s.Settings.Error, "\n", "; "))
	}
}

func levels(c *term.Canvas, all []console.Level) {
	c.Line(term.Faint, fmt.Sprintf("%5s %10s %8s %9s %8s %9s %9s  %s", "level", "in brokers", "here", "in flight", "oldest", "per s", "done in", "state"))
	for _, l := range all {
		rate := unknown
		if l.Rate != nil {
			rate = fmt.Sprintf("%.0f", *l.Rate)
			if *l.Rate > 0 && *l.Rate < 10 {
				rate = fmt.Sprintf("%.1f", *l.Rate)
			}
		}
		c.Begin(term.Bold, fmt.Sprintf("%5d", l.Level), term.Plain, fmt.Sprintf(" %10s %8d %9d %8s %9s %9s  ",
			number(l.Backlog.Broker), l.Backlog.Queued, l.InFlight, milliseconds(l.OldestMS), rate, seconds(l.DrainS)))
		c.Add(term.States[l.State], l.State, term.Faint, " "+l.Reason)
		c.End()
	}
}

func consumers(c *term.Canvas, all []console.Consumer) {
	width := len("consumer")
	for _, k := range all {
		width = max(width, len(k.Name))
	}
	c.Line(term.Faint, fmt.Sprintf("%-*s %10s %8s %10s  %s", width, "consumer", "in brokers", "here", "partitions", "group"))
	for _, k := range all {
		partitions := fmt.Sprint(k.Partitions)
		if !k.Joined {
			partitions = "none yet"
		}
		c.Begin(term.Plain, fmt.Sprintf("%-*s %10s %8d %10s  %s  ", width, k.Name, number(k.Broker), k.Unsettled, partitions, k.Group))
		c.Add(term.States[k.State], k.State, term.Faint, " "+k.Reason)
		if k.CommitAgeMS != nil && time.Duration(*k.CommitAgeMS)*time.Millisecond > lateCommit {
			c.Add(term.Yellow, "  not committed for "+milliseconds(k.CommitAgeMS))
		}
		c.End()
	}
}

func handlers(c *term.Canvas, all []console.Handler) {
	width := len("handler")
	for _, h := range all {
		width = max(width, len(h.Name))
	}
	c.Line(term.Faint, fmt.Sprintf("%-*s %-6s %11s %9s %10s %8s %6s", width, "handler", "kind", "slots busy", "mean", "done", "retried", "held"))
	for _, h := range all {
		mean := unknown
		if h.MeanUS != nil {
			mean = short(time.Duration(*h.MeanUS) * time.Microsecond)
		}
		c.Begin(term.Plain, fmt.Sprintf("%-*s %-6s %11s %9s %10d %8d %6d", width, h.Name, h.Kind,
			fmt.Sprintf("%d of %d", h.Busy, h.Slots), mean, h.Done, h.Retried, h.HeldN))
		if h.Stuck > 0 {
			c.Add(term.Red, fmt.Sprintf("  %d stuck", h.Stuck))
		}
		c.End()
	}
}

// maxHeld is how many held messages are listed.
const maxHeld = 10

func held(c *term.Canvas, s *console.Status) {
	if s.HeldCount == 0 {
		return
	}
	c.Line()
	c.Line(term.Yellow, fmt.Sprintf("%d messages are held and wait for a person", s.HeldCount))
	for _, h := range s.Held[:min(len(s.Held), maxHeld)] {
		c.Line(term.Plain, fmt.Sprintf("  %s/%d@%d  level %d, %d attempts: %q", h.Topic, h.Partition, h.Offset, h.Level, h.Attempts, h.Reason))
	}
}

func number(n *int64) string {
	if n == nil {
		return unknown
	}
	return fmt.Sprint(*n)
}

func milliseconds(n *int64) string {
	if n == nil {
		return unknown
	}
	return short(time.Duration(*n) * time.Millisecond)
}

func seconds(n *float64) string {
	if n == nil {
		return unknown
	}
	return short(time.Duration(min(*n, 1e9) * float64(time.Second)))
}

// short is a duration in at most seven characters.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return age(d)
}

// age is a duration as people say it, in whole units.
func age(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours())/24)
}

// Package dashboard shows a daemon's status to people: as a page of text, and
// live on a terminal.
//
// It owns the picture; what the numbers mean is console.Status's.
package dashboard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/console"
)

// lateCommit is from which age on a commit is worth a word.
const lateCommit = 5 * time.Second

// maxFold is how many lines one alarm or mistake may take from the rest.
const maxFold = 4

// Render draws a status in lines of at most width cells; now is what ages are
// counted to.
func Render(s *console.Status, now time.Time, width int, colour bool) []string {
	c := &term.Canvas{Width: width, Colour: colour}
	header(c, s, now)
	for _, a := range s.Alarms {
		alarm(c, a, now)
	}
	for _, l := range s.Levels {
		if l.Paused != nil {
			pause(c, *l.Paused, now)
		}
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
		handlers(c, s.Handlers, now)
	}
	left(c, s.Left)
	held(c, s)
	resolution(c, s.Resolution)
	return c.Lines
}

func header(c *term.Canvas, s *console.Status, now time.Time) {
	state, style := "ready", term.Green
	if !s.Ready {
		state, style = "not ready", term.Red
	}
	c.Line(term.Bold, "boostd "+s.Version, term.Plain, fmt.Sprintf("  %s  up %s  %s, ", s.Instance, age(time.Duration(s.UptimeS)*time.Second), s.Phase), style, state)
	if s.NotReady != "" && s.Waiting == "" && len(s.Alarms) == 0 {
		c.Fold(maxFold, 2, []any{term.Yellow, "not ready: "}, term.Yellow, s.NotReady)
	}
	if s.Waiting != "" {
		c.Fold(maxFold, 2, []any{term.Yellow, "waiting for "}, term.Yellow, s.Waiting)
	}
	settings(c, s.Settings, now)
}

func settings(c *term.Canvas, s console.Settings, now time.Time) {
	text := "settings " + s.Source
	if s.Hash != "" {
		text += "  " + s.Hash[:min(len(s.Hash), 12)]
	}
	if s.LoadedAt != nil {
		text += "  in force for " + age(now.Sub(*s.LoadedAt))
	}
	if s.CheckedAt != nil {
		text += ", checked " + age(now.Sub(*s.CheckedAt)) + " ago"
	}
	c.Line(term.Faint, text)
	if s.Error != "" {
		c.Fold(maxFold, 2, []any{term.Red, "settings: "}, term.Plain, strings.ReplaceAll(s.Error, "\n", "; "))
	}
}

func alarm(c *term.Canvas, a console.Alarm, now time.Time) {
	what := a.Kind
	if a.Subject != "" {
		what += " " + a.Subject
	}
	c.Fold(maxFold, 2, []any{term.Alert, " ALARM ", term.Plain, " " + what + "  for " + age(now.Sub(a.Since)) + "  "}, term.Bold, a.Text)
}

// pause tells what somebody has done, who, why and until when.
func pause(c *term.Canvas, p console.Pause, now time.Time) {
	text := fmt.Sprintf("by %s for %s", p.By, age(now.Sub(p.Since)))
	if p.Until != nil {
		text += ", " + age(p.Until.Sub(now)) + " left"
	}
	if p.Why != "" {
		text += ": " + p.Why
	}
	c.Fold(maxFold, 2, []any{term.Yellow, fmt.Sprintf("level %d is paused by hand ", p.Level)}, term.Plain, text)
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
		c.Begin(term.Plain, fmt.Sprintf("%-*s %10s %8s %10s  %s  ", width, k.Name, number(k.Broker), term.Number(int64(k.Unsettled)), partitions, k.Group))
		c.Add(term.States[k.State], k.State)
		if k.CommitAgeMS != nil && time.Duration(*k.CommitAgeMS)*time.Millisecond > lateCommit {
			c.Add(term.Yellow, "  not committed for "+milliseconds(k.CommitAgeMS))
		}
		c.Add(term.Faint, " "+k.Reason)
		c.End()
	}
}

func handlers(c *term.Canvas, all []console.Handler, now time.Time) {
	width := len("handler")
	for _, h := range all {
		width = max(width, len(h.Name))
	}
	c.Line(term.Faint, fmt.Sprintf("%-*s %-6s %11s %9s %11s %8s %6s", width, "handler", "kind", "slots busy", "mean", "done", "retried", "held"))
	for _, h := range all {
		mean := unknown
		if h.MeanUS != nil {
			mean = short(time.Duration(*h.MeanUS) * time.Microsecond)
		}
		c.Begin(term.Plain, fmt.Sprintf("%-*s %-6s %11s %9s %11s %8s %6s", width, h.Name, h.Kind,
			fmt.Sprintf("%d of %d", h.Busy, h.Slots), mean, count(h.Done), count(h.Retried), count(h.HeldN)))
		if h.Stuck > 0 {
			c.Add(term.Red, fmt.Sprintf("  %d stuck", h.Stuck))
		}
		c.End()
	}
	for _, h := range all {
		plugin(c, h, now)
		hotKeys(c, h)
		if h.Policy.Mode != "" && (!h.Policy.Strict() || h.Policy.Preemptible) { // an older daemon tells none
			c.Fold(maxFold, 2, []any{term.Yellow, "policy of " + h.Name + " "}, term.Plain, h.Policy.String()+" ("+policyFrom(h)+")")
		}
	}
	for _, h := range all {
		group(c, h, len(all) > 1)
	}
}

// plugin tells of the process that a handler has.
func plugin(c *term.Canvas, h console.Handler, now time.Time) {
	p := h.Plugin
	if p == nil {
		return
	}
	style, state := term.Green, p.State
	if state != "running" {
		style = term.Red
	}
	if p.PID != nil {
		state += fmt.Sprintf(" as process %d", *p.PID)
	}
	if p.Since != nil {
		state += " for " + age(now.Sub(*p.Since))
	}
	var rest string
	if p.Name != "" {
		rest = ", " + strings.TrimSpace(p.Name+" "+p.Version)
	}
	if p.SDK != "" {
		rest += " (" + p.SDK + ")"
	}
	c.Line(term.Plain, "plugin of "+h.Name+" ", style, state, term.Plain, fmt.Sprintf("%s, crashes %s, replaced %s", rest, count(p.Crashes), count(p.Replaced)))
	if p.Error != "" {
		c.Fold(maxFold, 2, []any{term.Red, "plugin of " + h.Name + ": "}, term.Plain, p.Error)
	}
}

// group tells which levels wait for what other instances have to do. The highest
// that is waited for stands for those below, which are as well.
func group(c *term.Canvas, h console.Handler, several bool) {
	n := slices.IndexFunc(h.Group, func(g console.GroupLevel) bool { return g.Holds && g.Outstanding != nil })
	if n < 0 {
		return
	}
	g := h.Group[n]
	whose := ""
	if several {
		whose = " of " + h.Name
	}
	c.Fold(maxFold, 2, []any{term.Yellow, fmt.Sprintf("levels below %d%s wait: ", g.Level, whose)}, term.Plain,
		fmt.Sprintf("the group has %s messages of level %d", term.Number(*g.Outstanding), g.Level))
}

// hotKeys tells of keys that many messages wait for.
func hotKeys(c *term.Canvas, h console.Handler) {
	for _, k := range h.HotKeys {
		if k.Waiting < manyWait {
			continue
		}
		why := "its messages run one after the other"
		if k.Retrying {
			why = "its first one waits for a retry"
		}
		c.Fold(maxFold, 2, []any{term.Yellow, "key " + k.Hash + " "}, term.Plain,
			fmt.Sprintf("of %s/%d keeps %d messages of %s waiting: %s", k.Topic, k.Partition, k.Waiting, h.Name, why))
	}
}

// manyWait is how many messages wait for a key before it is told: an eighth of a
// consumer's window.
const manyWait = 128

// policyFrom says where a handler's policy stands.
func policyFrom(h console.Handler) string {
	switch h.Policy.From {
	case "handler":
		return "handlers." + h.Name + ".policy"
	case "document":
		return "the settings document"
	}
	return "boostd.yaml"
}

// left tells of levels that other instances have to consume.
func left(c *term.Canvas, all []console.Left) {
	if len(all) == 0 {
		return
	}
	var names []string
	for _, l := range all {
		name := "base topics"
		if l.Level != nil {
			name = fmt.Sprintf("level %d", *l.Level)
		}
		if l.Waiting != nil && *l.Waiting > 0 {
			name += fmt.Sprintf(" (%s waiting)", term.Number(*l.Waiting))
		}
		names = append(names, name)
	}
	c.Line()
	c.Fold(maxFold, 2, []any{term.Faint, "left to other instances: "}, term.Plain, strings.Join(names, ", "))
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

// resolution tells of priorities that aren't what somebody may have meant.
func resolution(c *term.Canvas, r console.Resolution) {
	for _, line := range []struct {
		n    uint64
		text string
	}{
		{r.Clamped, "messages had a priority outside 0 … max_priority, which counts as the nearest level"},
		{r.Mistyped, "messages had a priority that is no whole number, which counts as absent"},
		{r.Outranked, "messages have a priority of their own that goes before a rule with a higher one"},
	} {
		if line.n > 0 {
			c.Line(term.Faint, fmt.Sprintf("%s %s", count(line.n), line.text))
		}
	}
}

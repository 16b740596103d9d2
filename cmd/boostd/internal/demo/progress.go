package demo

import (
	"fmt"
	"strings"
	"time"
)

// Line is the picture in one line, for where there is no terminal.
func Line(s Snapshot) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%7s  %s", seconds(s.Elapsed), s.Phase)
	high, low, produced := 0, 0, 0
	rate := 0.0
	for _, l := range s.Levels {
		produced += l.Produced
		rate += l.Rate
		if l.Level > lowMax {
			high += l.Done
		} else {
			low += l.Done
		}
	}
	if produced > 0 {
		fmt.Fprintf(&b, ": %s produced", number(produced))
	}
	if s.Running {
		fmt.Fprintf(&b, ", %s high and %s low handled, %s left, %s/s, %d of %d slots busy",
			number(high), number(low), number(s.left()), number(int(rate+0.5)), s.Busy, s.Slots)
		b.WriteString(stopped(s))
	}
	return b.String()
}

// stopped lists the consumers that don't run.
func stopped(s Snapshot) string {
	text := ""
	for _, l := range s.Levels {
		if v := l.Consumer; v.State != "" && v.State != "RUN" {
			text += fmt.Sprintf(", level %d %s", l.Level, v.State)
		}
	}
	if v := s.Base; v.State != "" && v.State != "RUN" {
		text += ", base " + v.State
	}
	return text
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

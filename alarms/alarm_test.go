package alarms

import (
	"fmt"
	"testing"
	"time"
)

func TestBookTellsEachOnce(t *testing.T) {
	var b Book
	start := time.Unix(1000, 0)
	a, c := Condition{Held, "base", "1 message"}, Condition{Commit, "7", "no answer"}
	for n, step := range []struct {
		conditions   []Condition
		begun, ended string
		standing     string
	}{
		{nil, "", "", ""},
		{[]Condition{a}, "held/base@1 1 message", "", "held/base@1 1 message"},
		{[]Condition{a, a, c}, "commit/7@2 no answer", "", "held/base@1 1 message; commit/7@2 no answer"},
		{[]Condition{c, {Held, "base", "2 messages"}}, "", "", "held/base@1 2 messages; commit/7@2 no answer"},
		{[]Condition{c}, "", "held/base@1 2 messages", "commit/7@2 no answer"},
		{[]Condition{a}, "held/base@5 1 message", "commit/7@2 no answer", "held/base@5 1 message"},
		{nil, "", "held/base@5 1 message", ""},
	} {
		begun, ended := b.Update(start.Add(time.Duration(n)*time.Second), step.conditions)
		if got := describe(begun, start); got != step.begun {
			t.Errorf("step %d: begun %q, want %q", n, got, step.begun)
		}
		if got := describe(ended, start); got != step.ended {
			t.Errorf("step %d: ended %q, want %q", n, got, step.ended)
		}
		if got := describe(b.Standing(), start); got != step.standing {
			t.Errorf("step %d: standing %q, want %q", n, got, step.standing)
		}
	}
}

func describe(all []Alarm, start time.Time) string {
	s := ""
	for n, a := range all {
		if n > 0 {
			s += "; "
		}
		s += fmt.Sprintf("%s/%s@%d %s", a.Kind, a.Subject, int(a.Since.Sub(start).Seconds()), a.Text)
	}
	return s
}

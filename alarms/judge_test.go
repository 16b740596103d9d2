package alarms

import (
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/scheduler"
)

// TestJudge changes one thing about a consumer that stands still with a backlog:
// what explains it is no alarm.
func TestJudge(t *testing.T) {
	type picture = scheduler.Status
	usual := func() picture {
		return picture{Started: true, Pools: []scheduler.PoolStatus{{Name: "h", Slots: 2}},
			Consumers: []scheduler.ConsumerStatus{{Name: "7", Broker: 10, Partitions: 1, Joined: true}}}
	}
	for name, c := range map[string]struct {
		change func(s *picture, second int)
		want   string // the kinds after a minute
	}{
		"nothing is done":             {func(*picture, int) {}, "no_progress"},
		"nothing waits":               {func(s *picture, _ int) { s.Consumers[0].Broker = 0 }, ""},
		"the backlog isn't known":     {func(s *picture, _ int) { s.Consumers[0].Broker = -1 }, ""},
		"it waits here":               {func(s *picture, _ int) { s.Consumers[0].Broker, s.Consumers[0].Unsettled = -1, 3 }, "no_progress"},
		"something was done":          {func(s *picture, n int) { s.Consumers[0].Ended = uint64(n / 20) }, ""},
		"something was done at first": {func(s *picture, n int) { s.Consumers[0].Ended = uint64(min(n, 30)) }, "no_progress"},
		"not begun":                   {func(s *picture, _ int) { s.Started = false }, ""},
		"draining":                    {func(s *picture, _ int) { s.Draining, s.Consumers[0].Joined = true, false }, ""},
		"by hand": {func(s *picture, _ int) {
			s.Consumers[0].State, s.Consumers[0].Reason.Kind = scheduler.Paused, scheduler.ByHand
		}, ""},
		"for higher levels": {func(s *picture, _ int) {
			s.Consumers[0].State, s.Consumers[0].Reason.Kind = scheduler.Paused, scheduler.HigherWork
		}, ""},
		"its window is full":       {func(s *picture, _ int) { s.Consumers[0].State = scheduler.Hold }, "no_progress"},
		"a retry waits":            {func(s *picture, _ int) { s.Consumers[0].Backoff = 1 }, ""},
		"a handler takes its time": {func(s *picture, _ int) { s.Consumers[0].InFlight, s.Pools[0].Busy = 1, 1 }, ""},
		"its handler is stuck": {func(s *picture, _ int) {
			s.Consumers[0].InFlight, s.Pools[0].Busy, s.Pools[0].Stuck = 1, 1, 1
		}, "stuck_handler no_progress"},
		"others have the slots": {func(s *picture, _ int) { s.Pools[0].Busy = 2 }, ""},
		"all slots are stuck":   {func(s *picture, _ int) { s.Pools[0].Busy, s.Pools[0].Stuck = 2, 2 }, "stuck_handler no_progress"},
		"not in its group":      {func(s *picture, _ int) { s.Consumers[0].Joined, s.Consumers[0].Broker = false, -1 }, "unserved"},
		"not in its group lately": {func(s *picture, n int) {
			s.Consumers[0].Joined, s.Consumers[0].Broker = n < 50, -1
		}, ""},
		"held": {func(s *picture, _ int) { s.Consumers[0].Broker, s.Consumers[0].Held = 0, 2 }, "held"},
		"for the whole group": {func(s *picture, _ int) {
			s.Consumers[0].Level = 7
			s.Pools[0].Group = []scheduler.GroupStatus{{Level: 8, Holds: true, Told: s.At}}
		}, ""},
		"for the whole group, in base topics": {func(s *picture, _ int) {
			s.Consumers[0].Mixed = true
			s.Pools[0].Group = []scheduler.GroupStatus{{Level: 8, Holds: true, Told: s.At}}
		}, ""},
		"as the group's highest": {func(s *picture, _ int) {
			s.Consumers[0].Level = 8
			s.Pools[0].Group = []scheduler.GroupStatus{{Level: 8, Holds: true, Told: s.At}}
		}, "no_progress"},
		"the group stands": {func(s *picture, n int) {
			s.Consumers[0].Ended = uint64(n)
			s.Pools[0].Group = []scheduler.GroupStatus{{Level: 8, Stalled: true, Told: s.At}}
		}, "group_stalled"},
		"the group stands, by hand": {func(s *picture, n int) {
			s.Consumers[0].Ended = uint64(n)
			s.Pools[0].Group = []scheduler.GroupStatus{{Level: 8, Stalled: true, Told: s.At}}
			s.Paused = []scheduler.Pause{{Level: 8}}
		}, ""},
		"nobody tells of the group": {func(s *picture, n int) {
			s.Consumers[0].Ended = uint64(n)
			s.Pools[0].Group = []scheduler.GroupStatus{{Level: 8, Stalled: true, Told: s.At.Add(-scheduler.GroupPatience)}}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var j Judge
			var last []Condition
			for n := range 61 {
				s := usual()
				s.At = time.Unix(1000+int64(n), 0)
				c.change(&s, n)
				last = j.Conditions(s)
				if n < int(Patience/time.Second) && len(last) > 0 && last[0].Kind == NoProgress {
					t.Fatalf("called after %d s", n)
				}
			}
			var kinds []string
			for _, found := range last {
				kinds = append(kinds, string(found.Kind))
				if found.Text == "" || found.Subject == "" || strings.Contains(found.Text, "\n") {
					t.Errorf("says %q of %q", found.Text, found.Subject)
				}
			}
			if got := strings.Join(kinds, " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTextOfNoProgress(t *testing.T) {
	got := noProgress(scheduler.ConsumerStatus{Name: "7/orders", Unsettled: 3, Broker: 40}, 31*time.Second)
	if want := "consumer 7/orders has messages waiting, 3 here and 40 in the brokers, and none was done for 31s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Where there are several handlers the alarm says whose level it is.
func TestTextOfAGroupThatStands(t *testing.T) {
	at := time.Unix(1000, 0)
	group := []scheduler.GroupStatus{{Level: 8, GroupWork: scheduler.GroupWork{Outstanding: 5}, Stalled: true, Since: at.Add(-12 * time.Second), Told: at}}
	for pools, want := range map[int]string{
		1: "level 8: the group has 5 messages of level 8 to do and has finished none for 12s: lower levels no longer wait for it",
		2: "level 8 of h: the group has 5 messages of level 8 of h to do and has finished none for 12s: lower levels no longer wait for it",
	} {
		s := scheduler.Status{At: at, Pools: []scheduler.PoolStatus{{Name: "h", Slots: 1, Group: group}, {Name: "i", Slots: 1}}[:pools]}
		var j Judge
		if found := j.Conditions(s); len(found) != 1 || found[0].Subject+": "+found[0].Text != want {
			t.Errorf("got %+v, want %s", found, want)
		}
	}
}

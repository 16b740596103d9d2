package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// notice is how long an instance may take to see what another has to do, on a busy
// machine: a commit interval, a question, and what both take.
const notice = 3 * time.Second

// goesOn waits until an instance starts a message of level 0 after a time, and
// checks that it took no longer than notice.
func goesOn(t *testing.T, p *rig.Pair, after time.Time, why string) {
	t.Helper()
	rig.Eventually(t, "it goes on: "+why, func() bool { return p.Since(p.Low, 0, after) > 0 })
	for _, s := range p.Starts(p.Low, 0) {
		if d := s.At.Sub(after); d >= 0 {
			t.Logf("%s: the other instance goes on after %v", why, d)
			if d > notice {
				t.Errorf("%s: it goes on after %v, want at most %v", why, d, notice)
			}
			return
		}
	}
}

// With gate.scope group an instance starts nothing low while another has higher
// work, says so, and goes on when that ends. A message in backoff, or one that is
// held, stops nobody.
func TestLowerLevelsWaitForTheWholeGroup(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		p := rig.StartPair(t, c, 250*time.Millisecond)
		const backlog = 72 // two slots need 9 seconds
		appeared := p.Send10("", backlog)
		rig.Eventually(t, "status says who waits for what", func() bool {
			g := p.StatusOf(p.Low).Handlers[0].Group
			return len(g) == 1 && g[0].Level == 10 && g[0].Holds && !g[0].Stalled && g[0].Outstanding != nil && *g[0].Outstanding > 0
		})
		human, code := rig.Boostd(t, "status", "--control", p.ControlOf(p.Low))
		exits(t, human, code, 0)
		says(t, human, "levels below 10 wait: the group has ", " messages of level 10")
		ended := p.Await10(backlog)
		if d := ended.Sub(appeared); d < notice+3*time.Second {
			t.Errorf("level 10 had work for %v: too little to see anything", d)
		}
		for n := range 2 {
			for _, s := range p.Starts(n, 0) {
				if s.At.After(appeared.Add(notice)) && s.At.Before(ended) {
					t.Errorf("instance %d started a message of level 0 %v after level 10 had work, and %v before its end", n, s.At.Sub(appeared), ended.Sub(s.At))
				}
			}
		}
		goesOn(t, p, ended, "the end of the work")
		for n, value := range []string{rig.Failing10, rig.Bad10} {
			p.Send10(value, 1)
			failed := p.Await10(backlog + n + 1)
			goesOn(t, p, failed, fmt.Sprintf("message %q", value))
			rig.Eventually(t, "it goes on for seconds", func() bool { return p.Since(p.Low, 0, failed.Add(3*time.Second)) > 20 })
		}
		if s := p.StatusOf(p.High); s.HeldCount != 1 {
			t.Errorf("%d messages are held, want 1", s.HeldCount)
		}
		if text := rig.Alarm(*p.StatusOf(p.Low), "group_stalled"); text != "" {
			t.Errorf("there is an alarm: %s", text)
		}
		for n := range 2 {
			exits(t, p.Processes[n], p.Processes[n].Terminate(), 0)
		}
	})
}

// A message that hangs on one instance stops the others for ten seconds and then
// is an alarm, which ends with it.
func TestAGroupThatFinishesNothingStopsNobody(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		p := rig.StartPair(t, c, time.Millisecond)
		appeared := p.Send10(rig.Hanging10, 1)
		alarm := func(text string) func() bool {
			return func() bool { return (rig.Alarm(*p.StatusOf(p.Low), "group_stalled") != "") == (text != "") }
		}
		rig.Eventually(t, "the alarm", alarm("stands"))
		raised := time.Now()
		if d := raised.Sub(appeared); d < 9*time.Second {
			t.Errorf("the alarm stands after %v", d)
		}
		g := p.StatusOf(p.Low).Handlers[0].Group
		if text := fmt.Sprintf("%+v", g); len(g) != 1 || !g[0].Stalled || g[0].Holds {
			t.Errorf("status has %s", text)
		}
		goesOn(t, p, raised, "the alarm")
		quiet := 0
		for _, s := range p.Starts(p.Low, 0) {
			if at := s.At.Sub(appeared); at > notice && at < 9*time.Second {
				quiet++
			}
		}
		if quiet > 0 {
			t.Errorf("%d messages of level 0 started while they should wait", quiet)
		}
		p.Mend()
		rig.Eventually(t, "its end", alarm(""))
		once(t, p.Processes[p.Low], "group_stalled")
		for n := range 2 {
			exits(t, p.Processes[n], p.Processes[n].Terminate(), 0)
		}
	})
}

package daemon

import (
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/alarms"
)

func TestPulseNamesWhoStandsStill(t *testing.T) {
	var p pulse
	now := time.Now()
	if err := p.late(now); err != nil {
		t.Errorf("of nobody: %v", err)
	}
	p.follow([]member{{plan: consumerPlan{name: "7"}}, {plan: consumerPlan{name: "8"}}})
	p.follow([]member{{plan: consumerPlan{name: "7"}}})
	p.heard(pollLoopOf("8"), now.Add(-time.Hour)) // it has gone: nobody waits for it
	p.heard(actorOf("7"), now)
	p.heard(pollLoopOf("7"), now)
	p.heard(actorOf(actors.SchedulerName), now.Add(-standstill))
	if err := p.late(now); err != nil {
		t.Errorf("just in time: %v", err)
	}
	if err := p.late(now.Add(2 * time.Second)); err == nil || err.Error() != "the scheduler has stood still for 17s" {
		t.Errorf("got %v", err)
	}
	p.heard(actorOf(actors.SchedulerName), time.Now())
	if err := p.late(now.Add(standstill + time.Minute)); err == nil || !strings.Contains(err.Error(), "consumer 7") {
		t.Errorf("got %v", err)
	}
}

func TestFindings(t *testing.T) {
	var f findings
	f.set(alarms.Topics, "", "a")
	f.set(alarms.State, "x", "b")
	before := f.get()
	f.set(alarms.Topics, "", "c")
	f.set(alarms.State, "x", "")
	f.set(alarms.State, "y", "")
	if got := f.get(); len(got) != 1 || got[0].Text != "c" {
		t.Errorf("got %v", got)
	}
	if len(before) != 2 || before[0].Text != "a" || before[1].Text != "b" {
		t.Errorf("what was handed out has become %v", before)
	}
}

func TestTroublesOfOneConnectionAreOne(t *testing.T) {
	refused := boostd.StandingTrouble{Kind: "connection", Text: "refused"}
	got := troubles([]memberStatus{
		{consumerPlan{name: "base"}, boostd.SourceStatus{Troubles: []boostd.StandingTrouble{refused}}},
		{consumerPlan{name: "7"}, boostd.SourceStatus{}},
		{consumerPlan{name: "9"}, boostd.SourceStatus{Troubles: []boostd.StandingTrouble{{Kind: "commit", Text: "no answer"}, refused}}},
	})
	want := []alarms.Condition{
		{Kind: alarms.Connection, Text: "refused (2 consumers)"},
		{Kind: alarms.Commit, Subject: "9", Text: "consumer 9: no answer"},
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %v", got)
	}
}

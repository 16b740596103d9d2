package main

import (
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

// aPlan has every action once.
var aPlan = []priority.TopicChange{
	{Name: "orders", Base: "orders", Level: priority.BaseLevel, Have: 1, Want: priority.BrokerDefault},
	{Name: "orders_8", Base: "orders", Level: 8, Want: 9, Action: priority.Create},
	{Name: "orders_9", Base: "orders", Level: 9, Have: 2, Want: 9, Action: priority.Grow},
	{Name: "orders_10", Base: "orders", Level: 10, Have: 12, Want: 9, Action: priority.Surplus},
	{Name: "a.b", Base: "a.b", Level: priority.BaseLevel, Want: priority.BrokerDefault, Action: priority.Conflict, Other: "a_b"},
}

func TestPrintPlan(t *testing.T) {
	var out strings.Builder
	if err := printPlan(&out, aPlan); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(out.String()) {
		lines = append(lines, strings.TrimSpace(line))
	}
	want := `TOPIC      EXISTS  PARTITIONS            WHAT
orders     yes     1                     nothing
orders_8   no      - → 9                 create
orders_9   yes     2 → 9                 grow      keys go to other partitions from then on, so the order of a key's messages isn't kept over the change
orders_10  yes     12 → 9                note      has 12 partitions, more than the 9 that the settings ask for: they stay
a.b        no      - → broker's default  conflict  differs only in '.' and '_' from a_b, beside which Kafka refuses it: rename one of them`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if n := unmet(aPlan); n != 3 {
		t.Errorf("%d topics have something to do, want 3", n)
	}
}

func TestPlanLines(t *testing.T) {
	var out strings.Builder
	if err := printLines(&out, planLines(aPlan[:3])); err != nil {
		t.Fatal(err)
	}
	want := `{"topic":"orders","base":"orders","level":null,"exists":true,"partitions":1,"wanted":null,"action":"nothing"}
{"topic":"orders_8","base":"orders","level":8,"exists":false,"partitions":null,"wanted":9,"action":"create"}
{"topic":"orders_9","base":"orders","level":9,"exists":true,"partitions":2,"wanted":9,"action":"grow","text":"` + keysMove + `"}
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Only what this command did is told: somebody else may have been faster.
func TestChanged(t *testing.T) {
	var lines []string
	for _, c := range changed(aPlan, kafkaio.TopicsDone{Created: []string{"orders_8"}}) {
		lines = append(lines, c.String())
	}
	if got, want := strings.Join(lines, "\n"), "created orders_8 with 9 partitions"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

package alarms

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func TestNeglect(t *testing.T) {
	at := func(offset int64) map[boostd.TopicPartition]int64 {
		return map[boostd.TopicPartition]int64{{Topic: "orders_7", Partition: 1}: offset}
	}
	const unknown = -1
	type look struct {
		second  int
		waiting int64 // or unknown
		offset  int64
		alarm   bool
	}
	for name, looks := range map[string][]look{
		"nobody serves it":               {{0, 5, 3, false}, {29, 5, 3, false}, {30, 6, 3, true}, {300, 6, 3, true}},
		"somebody comes":                 {{0, 5, 3, false}, {31, 5, 3, true}, {35, 4, 4, false}, {60, 4, 4, false}, {65, 4, 4, true}},
		"nothing waits":                  {{0, 0, 3, false}, {60, 0, 3, false}},
		"it begins to wait":              {{0, 0, 3, false}, {60, 1, 3, false}, {89, 1, 3, false}, {90, 1, 3, true}, {95, 0, 3, false}},
		"slowly, but it moves":           {{0, 900, 3, false}, {29, 950, 4, false}, {58, 999, 5, false}},
		"a rewind is a move":             {{0, 5, 9, false}, {29, 9, 5, false}, {58, 9, 5, false}, {59, 9, 5, true}},
		"nobody knows for a while":       {{0, 5, 3, false}, {25, unknown, 0, false}, {54, unknown, 0, false}, {55, 5, 3, false}, {84, 5, 3, true}},
		"an alarm outlives an ignorance": {{0, 5, 3, false}, {30, 5, 3, true}, {60, unknown, 0, false}, {65, 5, 3, true}},
	} {
		var n Neglect
		for _, l := range looks {
			now := time.Unix(1000, 0).Add(time.Duration(l.second) * time.Second)
			if l.waiting == unknown {
				n.Unknown(now, "level 7")
				continue
			}
			c, ok := n.Judge(now, Left{"level 7", "g_priority_7", l.waiting, at(l.offset)})
			if ok != l.alarm || ok && (c.Kind != Unserved || c.Subject != "level 7") {
				t.Errorf("%s: after %d s it is %+v, %v", name, l.second, c, ok)
			}
		}
	}
	var n Neglect
	n.Judge(time.Unix(-60, 0), Left{"base topics", "g_base", 12, nil})
	n.Forget("base topics")
	n.Judge(time.Unix(0, 0), Left{"base topics", "g_base", 12, nil})
	c, _ := n.Judge(time.Unix(31, 0), Left{"base topics", "g_base", 12, nil})
	if want := "12 messages of base topics wait, and group g_base has committed nothing for 31s: this instance leaves them to others (kafka.only_levels), and none of them serves them, or all are busy with higher levels"; c.Text != want {
		t.Errorf("got  %s\nwant %s", c.Text, want)
	}
}

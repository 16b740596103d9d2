package seed

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// message is one of a block's: sent to topic, with an argument priority where it
// isn't empty; it belongs to the topic to, and its level is level.
type message struct {
	topic, value, priority string
	to                     string
	level                  int
}

// block is one block of code of the README, or what it shows.
type block struct {
	// heading is the one that it stands under, the second of two with " 2".
	heading  string
	settings string
	group    string
	messages []message
	// order is how the messages are handled, by their numbers, when all wait.
	order []int
	// also is what else the block promises.
	also func(w *world)
	// missing is what boostd can't do yet of the block, absent checks that it
	// can't: a case must not go on saying so once it can.
	missing string
	absent  func(w *world)
}

// blocks is how many the README has; each has its case.
const blocks = 19

func TestBlocks(t *testing.T) {
	t.Parallel()
	all := table()
	if len(all) != blocks {
		t.Errorf("%d cases for %d blocks", len(all), blocks)
	}
	cluster := newWorld(t)
	for n, b := range all {
		t.Run(fmt.Sprintf("%02d %s", n+1, b.heading), func(t *testing.T) {
			if (b.missing == "") != (b.absent == nil) {
				t.Errorf("missing %q, and a check of it: %v", b.missing, b.absent != nil)
			}
			if b.group == "" {
				b.group = fmt.Sprintf("group%d", n)
			}
			b.try(cluster.begin(t, b.settings, b.group, b.topics()))
			if b.missing != "" {
				t.Logf("can't be done yet: %s", b.missing)
			}
		})
	}
}

// topics are those that the block sends to, orders when it sends nothing.
func (b *block) topics() []string {
	topics := []string{"orders"}
	for _, m := range b.messages {
		topics = append(topics, m.topic)
	}
	slices.Sort(topics)
	return slices.Compact(topics)
}

func (b *block) try(w *world) {
	w.boostd("topics", "ensure")
	for _, m := range b.messages {
		b.send(w, m)
	}
	if b.order != nil {
		records := w.run(len(b.messages))
		var got, want []string
		for _, r := range records {
			got = append(got, fmt.Sprintf("%s at level %d", r.Topic, r.Level))
		}
		for _, n := range b.order {
			want = append(want, fmt.Sprintf("%s at level %d", b.messages[n].to, b.messages[n].level))
		}
		if !slices.Equal(got, want) {
			w.Errorf("handled %q\nwant    %q", got, want)
		}
	}
	if b.also != nil {
		b.also(w)
	}
	if b.absent != nil {
		b.absent(w)
	}
}

// send produces a message as printed; explain must say the same as produce does.
func (b *block) send(w *world, m message) {
	w.Helper()
	produce, explain := []string{"produce", m.topic, m.value, "--json"}, []string{"settings", "explain", "--topic", m.topic, "--value", m.value, "--json"}
	if m.priority != "" {
		produce, explain = append(produce, "--priority="+m.priority), append(explain, "--priority="+m.priority)
	}
	for _, args := range [][]string{produce, explain} {
		var got struct {
			Topic    string
			Priority int
		}
		if err := json.Unmarshal([]byte(w.boostd(args...)), &got); err != nil {
			w.Fatal(err)
		}
		if got.Topic != m.to || got.Priority != m.level {
			w.Errorf("boostd %s: topic %s, priority %d; want %s, %d", strings.Join(args, " "), got.Topic, got.Priority, m.to, m.level)
		}
	}
}

// noCommand checks that there is no such command.
func noCommand(words ...string) func(w *world) {
	return func(w *world) {
		w.Helper()
		if p, code := rig.Boostd(w, words...); code != 64 {
			w.Errorf("boostd %v exists (%d): take it out of the missing: %s", words, code, p.Output())
		}
	}
}

// noSource checks that settings can't be looked up there.
func noSource(source string) func(w *world) {
	return func(w *world) {
		w.Helper()
		p, code := rig.Boostd(w, "config", "validate", "-c", w.dir+"/boostd.yaml", "--set", "settings.source="+source)
		if code != 78 || !p.Says("is not supported by this version") {
			w.Errorf("settings come from %s (%d): take it out of the missing: %s", source, code, p.Output())
		}
	}
}

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/test/rig"
)

// held is what the daemon holds, as TOPIC/PARTITION@OFFSET; nothing while it
// doesn't answer.
func held(t *testing.T, s *rig.Setup) string {
	t.Helper()
	list, err := console.Dial(s.Control).Held(t.Context())
	if err != nil {
		return "no answer"
	}
	var all []string
	for _, h := range list.Held {
		all = append(all, h.Coordinates().String())
	}
	return strings.Join(all, " ")
}

// heldList is what `boostd held list --json` says.
func heldList(t *testing.T, s *rig.Setup, args ...string) string {
	t.Helper()
	p, code := s.Command(t, append([]string{"held", "list", "--json"}, args...)...)
	exits(t, p, code, 0)
	var all []string
	for line := range strings.Lines(p.Stdout()) {
		var h console.Held
		if err := json.Unmarshal([]byte(line), &h); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		all = append(all, fmt.Sprint(h.Coordinates()))
	}
	return strings.Join(all, " ")
}

// A held message is listed, also after a restart; the others go on, and are not
// repeated by it. Once the handler is mended a retry handles it, and a skip
// commits beyond it. Who did it is written down.
func TestHeldMessages(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		var mended atomic.Bool
		svc := serve(t, func(w http.ResponseWriter, _ *http.Request, got request) {
			if string(got.body) == "bad" && !mended.Load() {
				http.Error(w, "no such order", http.StatusNotFound)
			}
		})
		s := rig.New(t, c, rig.Options{Min: 10, Partitions: 1, Handler: `http: "` + svc.URL + `", slots: 4`})
		load := s.Load(t)
		for n := range 30 {
			value := "good"
			if n%10 == 3 {
				value = "bad"
			}
			load.Send(rig.Message{Key: fmt.Append(nil, n), Value: []byte(value)})
		}
		load.Flush()
		first, second, third := s.Base+"/0@3", s.Base+"/0@13", s.Base+"/0@23"
		p := s.Spawn(t)
		load.AwaitDone(27)
		rig.Eventually(t, "three are held", func() bool { return held(t, s) == first+" "+second+" "+third })
		if only := heldList(t, s, "--reason", "*no such order*", "--topic", s.Base, "--level", "0"); only != first+" "+second+" "+third {
			t.Errorf("with a filter that means all, held are %q", only)
		}
		if none := heldList(t, s, "--reason", "timeout"); none != "" {
			t.Errorf("with a filter that means none, held are %q", none)
		}
		exits(t, p, p.Terminate(), 0)
		p = s.Spawn(t)
		rig.Eventually(t, "it is ready again", func() bool { return rig.Ready(t, s) })
		rig.Eventually(t, "they are still held", func() bool { return held(t, s) == first+" "+second+" "+third })

		mended.Store(true)
		order, code := s.Command(t, "held", "retry", first)
		exits(t, order, code, 0)
		says(t, order, first+" is handled anew")
		load.AwaitDone(28)
		rig.Eventually(t, "two are held", func() bool { return held(t, s) == second+" "+third })
		rig.Eventually(t, "it is committed up to the second", func() bool { return s.Done(t) == 13 })
		again, code := s.Command(t, "held", "retry", first)
		exits(t, again, code, 1)
		says(t, again, first+" is not held by this instance")

		asked, code := s.Command(t, "held", "skip", second)
		exits(t, asked, code, 64)
		says(t, asked, "--yes")
		order, code = s.Command(t, "held", "skip", second, "--yes")
		exits(t, order, code, 0)
		rig.Eventually(t, "it is committed up to the third", func() bool { return s.Done(t) == 23 })
		order, code = s.Command(t, "held", "skip", "--all", "--level", "0", "--yes")
		exits(t, order, code, 0)
		rig.Eventually(t, "none is held", func() bool { return held(t, s) == "" })
		rig.Eventually(t, "all is committed", func() bool { return s.Done(t) == 30 })
		exits(t, p, p.Terminate(), 0)
		says(t, p, "held message is resolved by hand")

		v := load.Verdict()
		t.Log(rig.Describe(v))
		if v.Lost != 2 || v.Duplicates > 0 {
			t.Errorf("%d not done, %d repeated; want the 2 that were skipped, and 0", v.Lost, v.Duplicates)
		}
		resolved(t, s, "retry "+first, "skip "+second, "skip "+third)
	})
}

// resolved checks what the audit has of persons' deeds.
func resolved(t *testing.T, s *rig.Setup, want ...string) {
	t.Helper()
	log, err := audit.ReadFile(s.AuditPath())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range log.Resolutions {
		got = append(got, fmt.Sprintf("%s %s/%d@%d", r.Resolved, r.Topic, r.Partition, r.Offset))
		if r.By == "" || r.Handler != "work" || r.Level != 0 || r.At == 0 {
			t.Errorf("a resolution is %+v", r)
		}
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("the audit has %q, want %q", got, want)
	}
}

// A message whose dead letter the brokers refuse is not done: it is held, and
// nothing is committed beyond it. Once there is a topic a retry buries it.
func TestDeadLetterWithoutATopic(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		svc := serve(t, func(w http.ResponseWriter, _ *http.Request, got request) {
			if string(got.body) == "bad" {
				http.Error(w, "no such order", http.StatusNotFound)
			}
		})
		s := rig.New(t, c, rig.Options{Min: 10, Partitions: 1, Kafka: "  create_topics: false",
			Handler: `http: "` + svc.URL + `", dead_letter: true`})
		load := s.Load(t)
		for _, value := range []string{"good", "bad", "good"} {
			load.Send(rig.Message{Value: []byte(value)})
		}
		load.Flush()
		p := s.Spawn(t)
		rig.Eventually(t, "it is held", func() bool { return held(t, s) == s.Base+"/0@1" })
		if found := heldList(t, s, "--reason", "no dead letter"); found != s.Base+"/0@1" {
			t.Errorf("by its reason %q is found", found)
		}
		rig.Eventually(t, "what is before it is committed", func() bool { return s.Done(t) == 1 })
		s.EnsureTopics(t, s.Base+"_dlq")
		tick := time.NewTicker(500 * time.Millisecond) // the client looks for the topic again in its own time
		defer tick.Stop()
		rig.Eventually(t, "a retry buries it", func() bool {
			<-tick.C
			if held(t, s) != "" {
				s.Command(t, "held", "retry", "--all")
			}
			return s.Done(t) == 3
		})
		exits(t, p, p.Terminate(), 0)
		letters := rig.Written(t, s.Config.Brokers, s.Base+"_dlq")
		if len(letters) != 1 || string(letters[0].Value) != "bad" {
			t.Errorf("the dead letters are %v", letters)
		}
	})
}

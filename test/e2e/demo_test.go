package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// keys are the names of an object's members, as text, sorted.
func keys(t *testing.T, data []byte) (map[string]json.RawMessage, string) {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return object, fmt.Sprint(slices.Sorted(maps.Keys(object)))
}

// demoDocument checks the document of `demo --json` against design.md.
func demoDocument(t *testing.T, text string) map[string]json.RawMessage {
	t.Helper()
	document, names := keys(t, []byte(text))
	if want := "[blind_inversions duplicates handled inversions levels lost produced seconds]"; names != want {
		t.Errorf("the document has the keys %s, want %s", names, want)
	}
	if string(document["duplicates"]) != "0" || string(document["produced"]) == "0" {
		t.Errorf("%s produced, %s repeated", document["produced"], document["duplicates"])
	}
	var levels []json.RawMessage
	if err := json.Unmarshal(document["levels"], &levels); err != nil || len(levels) < 2 {
		t.Fatalf("levels %s: %v", document["levels"], err)
	}
	for _, l := range levels {
		level, names := keys(t, l)
		if want := "[handled level produced wait_ms]"; names != want {
			t.Errorf("a level has the keys %s, want %s", names, want)
		}
		if _, names := keys(t, level["wait_ms"]); names != "[max p50 p99]" {
			t.Errorf("wait_ms has the keys %s, want max, p50 and p99", names)
		}
	}
	return document
}

// demoTries is how often the demo may run until it is clean, with twice the time
// each: on a machine that other tests keep busy its time may be over before its
// backlog, which it calls lost, and stalls may be longer than inversions are
// forgiven. What is repeated is never forgiven.
const demoTries = 3

// The demo is clean, and its document is as others depend on. It measures
// delays, so it runs beside no other case.
func TestDemo(t *testing.T) {
	for _, c := range clusters {
		t.Run(c.Name, func(t *testing.T) {
			// A handler that is slow enough for a busy machine to keep up with it.
			args := []string{"demo", "--json", "--slots", "8", "--handler", "sleep=5ms"}
			seconds := 5
			if c.Real { // the first groups of a cluster take seconds of their own
				seconds = 20
				args = append(args, "--brokers", strings.Join(c.Brokers(t), ","))
			}
			for try := 1; ; try++ {
				p := rig.Spawn(t, append(args, "--seconds", strconv.Itoa(seconds))...)
				code := p.Wait(2 * rig.Patience)
				document := demoDocument(t, p.Stdout())
				unclean := ""
				for _, name := range []string{"lost", "inversions", "blind_inversions"} {
					if n := string(document[name]); n != "0" {
						unclean += name + " " + n + " "
					}
				}
				t.Logf("took %v of %d s: exit code %d %s", p.Took(), seconds, code, unclean)
				if unclean == "" {
					exits(t, p, code, 0)
					return
				}
				exits(t, p, code, 1)
				if seconds *= 2; try == demoTries {
					t.Fatal("never clean")
				}
			}
		})
	}
}

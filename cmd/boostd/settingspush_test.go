package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/configwatch"
)

func TestSettingsPush(t *testing.T) {
	d := newBench(t, plain)
	next := strings.Replace(plain, "8", "9", 1)
	d.write("new.json", next)
	out := d.settings(exitUsage, "the current one is --base ", "push", d.at("new.json"))
	hash := configwatch.Hash([]byte(plain))
	if !strings.Contains(out, hash[:12]) || d.read("settings.json") != plain {
		t.Errorf("without --base: %s", out)
	}
	out = d.settings(exitDone, `"current": true`, "push", d.at("new.json"), "--base", hash[:12], "--json", "--by", "ann", "-m", "why")
	var e configwatch.Entry
	if err := json.Unmarshal([]byte(out), &e); err != nil || e.By != "ann" || e.Comment != "why" || e.Hash != configwatch.Hash([]byte(next)) {
		t.Errorf("%v, %+v", err, e)
	}
	if d.read("settings.json") != next {
		t.Error("the file isn't the new one")
	}
	d.settings(exitDone, plain, "show", hash) // what was written by hand is kept
	d.settings(exitUsage, "--samples goes with --dry-run", "push", d.at("new.json"), "--samples", "x", "--base", "current")
	d.settings(exitUsage, "can't both be standard input", "push", "-", "--samples", "-", "--dry-run")
	d.settings(exitUsage, "push", "push")
	d.settings(exitFailed, "no such file", "push", d.at("absent.json"), "--base", "current")
	d.settings(exitFailed, "there is no such version", "push", d.at("new.json"), "--base", "settings-2020-01-01T00:00:00.000Z.json")
	d.write("boostd.yaml", strings.Replace(d.read("boostd.yaml"), "file:settings.json", "https://h/settings", 1))
	d.settings(exitFailed, "settings over https have no history, and can't be written", "push", d.at("new.json"), "--base", "current")
	d.write("boostd.yaml", "kafka: x")
	d.settings(exitConfig, "", "push", d.at("new.json"), "--base", "current")
}

// A push from a version that isn't current any more writes nothing, and shows what
// somebody else has changed.
func TestSettingsPushConflict(t *testing.T) {
	d := newBench(t, plain)
	theirs, mine := strings.Replace(plain, "8", "9", 1), strings.Replace(plain, "3}", "5}", 1)
	hash := func(text string) string { return configwatch.Hash([]byte(text)) }
	check := func(want string, args ...string) {
		t.Helper()
		before := d.read("settings.json")
		d.write("mine.json", mine)
		for _, more := range [][]string{nil, {"--dry-run"}} {
			out := d.settings(exitFailed, "the settings were changed meanwhile", append(append([]string{"push", d.at("mine.json")}, args...), more...)...)
			if !strings.Contains(out, want) || !strings.Contains(out, "nothing is changed") || !strings.HasSuffix(out, "--base "+hash(before)[:12]) {
				t.Errorf("no %q in %s", want, out)
			}
			if d.read("settings.json") != before {
				t.Error("it writes")
			}
		}
	}
	d.push(theirs, "--base", hash(plain), "--by", "bob")
	const change = "-      \"priority_boost_min_value\": 8,\n+      \"priority_boost_min_value\": 9,\n"
	check(change, "--base", hash(plain)[:12])
	check("by bob at ", "--base", hash(plain))
	d.write("settings.json", plain) // by hand, and what was before as well: nobody knows the base
	check("+      \"number_of_partitions\": 5\n", "--base", hash("{}"))
	if err := os.Remove(d.at("settings.json")); err != nil {
		t.Fatal(err)
	}
	d.settings(exitFailed, "it was deleted; without --base yours becomes the first", "push", d.at("mine.json"), "--base", hash(plain))
	d.settings(exitDone, ", is current", "push", d.at("mine.json"))
}

func TestSettingsRestore(t *testing.T) {
	d := newBench(t, "")
	first := d.push(plain, "--by", "ann")
	d.push(strings.Replace(plain, "8", "9", 1), "--base", "current")
	d.settings(exitDone, "new topics: orders_8", "restore", first, "--dry-run")
	d.settings(exitDone, ", is current\n", "restore", first, "--by", "bob")
	if d.read("settings.json") != plain {
		t.Error("the file isn't the old one")
	}
	out := d.settings(exitDone, "restored "+first, "history")
	if strings.Count(out, ".json") != 4 || !strings.Contains(strings.Split(out, "\n")[1], "*") {
		t.Errorf("a restore is no version of its own:\n%s", out)
	}
	d.settings(exitDone, "it is the current version: nothing would change", "restore", first, "--dry-run")
	d.settings(exitFailed, "there is no such version", "restore", "settings-1.json")
	d.settings(exitUsage, "takes one version, got 0", "restore")
	d.write("settings.json", "{}")
	d.write("history/settings-2020-01-01T00:00:00.000Z.json", `{"max_priority": -1}`)
	d.settings(exitConfig, "settings-2020-01-01T00:00:00.000Z.json:1:18: /max_priority", "restore", "settings-2020-01-01T00:00:00.000Z.json")
	if d.read("settings.json") != "{}" {
		t.Error("what isn't valid is restored")
	}
}

// What a daemon would refuse isn't pushed.
func TestSettingsPushRefuses(t *testing.T) {
	d := newBench(t, plain)
	for text, want := range map[string]string{
		"{\"max_priority\": 10,\n \"default_priority\": 77}": "new.json:2:22: /default_priority",
		`{"max_priority": 10,`:                               "new.json:1:",
		"":                                                   "new.json",
		`{"boostd": {"policy": {"reserve": {"8": 40}}}}`:                     "doesn't fit handler h",
		`{"max_priority": 10, "boostd": {"policy": {"reserve": {"12": 1}}}}`: "12",
		strings.Repeat(" ", 2<<20):                                           "larger than",
	} {
		d.write("new.json", text)
		for _, more := range [][]string{{"--base", "current"}, {"--dry-run"}} {
			code := exitConfig
			if strings.Contains(want, "larger") {
				code = exitFailed // as with any command that reads it
			}
			d.settings(code, want, append([]string{"push", d.at("new.json")}, more...)...)
		}
	}
	d.write("new.json", `{"unknown": 1}`)
	d.settings(exitDone, "warning: "+d.at("new.json")+":1:13: /unknown", "push", d.at("new.json"), "--dry-run")
	if d.read("settings.json") != plain {
		t.Error("it writes")
	}
	if _, err := os.Stat(d.at("history")); err == nil {
		t.Error("it makes a history for nothing")
	}
}

func TestSettingsPushDryRun(t *testing.T) {
	boost := func(most, low, partitions int, more string) string {
		return fmt.Sprintf(`{"max_priority": %d, "Priority_boost": [{"topic_name": "orders", "priority_boost_min_value": %d, "number_of_partitions": %d}]%s}`, most, low, partitions, more)
	}
	const nothing = `"new_topics":[],"retired_topics":[],"grown_topics":[],"consumers_added":[],"consumers_changed":[],"consumers_retired":[],"policies_changed":[],"same":false`
	for _, c := range []struct{ name, to, says, json string }{
		{"nothing", boost(10, 9, 3, ""), "it is the current version: nothing would change\n", strings.Replace(nothing, "false", "true", 1)},
		{"rules", boost(10, 9, 3, `, "default_priority": 2`), "priorities alone would change; topics, consumers and policies are the same\n", nothing},
		{"minimum lowered", boost(10, 8, 3, ""), "new topics: orders_8\nnew consumers: 8\n",
			`"new_topics":["orders_8"],"retired_topics":[],"grown_topics":[],"consumers_added":["8"],"consumers_changed":[],"consumers_retired":[],"policies_changed":[],"same":false`},
		{"minimum raised", boost(10, 10, 3, ""), "topics read until they are empty: orders_9\nconsumers that end when their topics are empty: 9\n",
			`"new_topics":[],"retired_topics":["orders_9"],"grown_topics":[],"consumers_added":[],"consumers_changed":[],"consumers_retired":["9"],"policies_changed":[],"same":false`},
		{"maximum raised", boost(11, 9, 3, ""), "new topics: orders_11\nnew consumers: 11\n", ""},
		{"topic added", strings.Replace(boost(10, 9, 3, ""), "[{", `[{"topic_name": "reports", "priority_boost_min_value": 10, "number_of_partitions": 1}, {`, 1),
			"new topics: reports_10\nconsumers with other topics: 10\n", ""},
		{"partitions", boost(10, 9, 5, ""), "topics with more partitions, so that keys go to others: orders_9 (3 to 5), orders_10 (3 to 5)\n", ""},
		{"fewer partitions", boost(10, 9, 1, ""), "priorities alone would change; topics, consumers and policies are the same\n", ""},
		{"policy", boost(10, 9, 3, `, "boostd": {"policy": {"max_wait": "10s"}}`), "handlers with another policy: h\n", ""},
	} {
		d := newBench(t, boost(10, 9, 3, ""))
		d.write("new.json", c.to)
		for _, base := range [][]string{nil, {"--base", "current"}} {
			out := d.settings(exitDone, "", append([]string{"push", d.at("new.json"), "--dry-run"}, base...)...)
			if out != c.says {
				t.Errorf("%s: it says %q, want %q", c.name, out, c.says)
			}
		}
		if out := flat(t, d.settings(exitDone, "", "push", d.at("new.json"), "--dry-run", "--json")); c.json != "" && out != "{"+c.json+"}" {
			t.Errorf("%s: it says %s, want %s", c.name, out, c.json)
		}
		if names, err := os.ReadDir(d.dir); err != nil || len(names) != 3 || d.read("settings.json") != boost(10, 9, 3, "") {
			t.Errorf("%s: it writes: %v, %v", c.name, names, err)
		}
	}
	d := newBench(t, "")
	d.write("new.json", boost(10, 10, 3, ""))
	d.settings(exitDone, "there is no current version: everything is new\nnew topics: orders_10\nnew consumers: base, 10\n", "push", d.at("new.json"), "--dry-run")
	d.write("settings.json", "torn")
	d.settings(exitDone, "the current version isn't valid: everything is new\nnew topics: orders_10\n", "push", d.at("new.json"), "--dry-run")
}

// flat is a JSON document on one line.
func flat(t *testing.T, document string) string {
	t.Helper()
	var raw json.RawMessage
	if err := json.Unmarshal([]byte(document), &raw); err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	text, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSettingsPushSamples(t *testing.T) {
	d := newBench(t, plain)
	d.write("new.json", strings.Replace(plain, `}]`, `}], "Rule_Base_priority": [{"role_name": "user_role", "value": "admin", "priority": 9}]`, 1))
	d.write("samples.jsonl", `{"name": "an admin's\u001b[2J", "message": {"topic": "orders", "value": {"user_role": "admin"}}}
{"name": "explicit", "message": {"topic": "orders", "priority": 3}, "want": {"priority": 1}}

{"message": {"topic": "reports", "value": {"user_role": "admin"}}}
`)
	samples := d.at("samples.jsonl")
	want := "priorities alone would change; topics, consumers and policies are the same\n\n"
	out := d.settings(exitDone, want, "push", d.at("new.json"), "--dry-run", "--samples", samples)
	out = strings.TrimPrefix(out, want)
	if got, want := strings.Join(strings.Fields(out), " "), "SAMPLE BEFORE AFTER "+samples+":1 an admin's [2J 0 orders 9 orders_9 "+
		samples+":4 0 reports 9 reports 2 of 3 samples would get another level or topic, 1 stay"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	out = flat(t, d.settings(exitDone, "", "push", d.at("new.json"), "--dry-run", "--samples", samples, "--json"))
	if want := `"samples":{"moved":[{"line":1,"name":"an admin's\u001b[2J","before":{"priority":0,"topic":"orders","by":"default"},"after":{"priority":9,"topic":"orders_9","by":"rule"}},` +
		`{"line":4,"name":"","before":{"priority":0,"topic":"reports","by":"default"},"after":{"priority":9,"topic":"reports","by":"rule"}}],"stay":1}}`; !strings.HasSuffix(out, want) {
		t.Errorf("got %s\nwant %s", out, want)
	}
	d.write("samples.jsonl", "{\"message\": {\"topic\": \"orders\"}}\n{\"message\": {\"topic\": \"a/b\"}}")
	d.settings(exitFailed, samples+":2: message: ", "push", d.at("new.json"), "--dry-run", "--samples", samples)
	d.settings(exitFailed, "no such file", "push", d.at("new.json"), "--dry-run", "--samples", samples+"x")
	d.write("settings.json", "torn")
	d.settings(exitFailed, "samples need valid current settings", "push", d.at("new.json"), "--dry-run", "--samples", samples)
}

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/priority"
)

const someSettings = `{"max_priority": 10,
 "Priority_boost": [{"topic_name": "orders", "priority_boost_min_value": 5, "number_of_partitions": 9, "partitions_by_level": {"10": 3}}],
 "Topics_priority": [{"topic": "reports", "priority": 3}],
 "Rule_Base_priority": [{"role_name": "user_role", "value": "admin", "priority": 9}],
 "hash_code": "x", "boostd": {"rules": [{"name": "large", "expr": "value.amount > 1000", "priority": 4}],
  "policy": {"max_wait": "30s", "min_share": {"3-5": 10}, "reserve": {"8": 4}}}}`

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSettingsInit(t *testing.T) {
	out, code, _ := invoke("settings", "init", "--topic", "jobs", "--min", "2", "--max", "4", "--partitions", "7")
	if code != exitDone {
		t.Fatal(out)
	}
	s, warnings, err := priority.Parse([]byte(out))
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	if plan := s.Plan([]string{"jobs"}); len(plan) != 3 || plan[0].Name != "jobs_2" || plan[0].Partitions != 7 {
		t.Errorf("it plans %+v", plan)
	}
	path := filepath.Join(t.TempDir(), "settings.json")
	for _, want := range []int{exitDone, exitFailed} { // never over what is there
		if out, code, _ := invoke("settings", "init", path); code != want {
			t.Errorf("exits with %d, want %d: %s", code, want, out)
		}
	}
	if _, code, _ := invoke("settings", "validate", path); code != exitDone {
		t.Errorf("its own document isn't valid")
	}
	for _, wrong := range [][]string{{"--topic", "a b"}, {"--min", "11"}, {"--min", "-1"}, {"--partitions", "-1"}, {"--max", "1001"}, {"a", "b"}} {
		if out, code, err := invoke(append([]string{"settings", "init"}, wrong...)...); code != exitUsage {
			t.Errorf("%q exits with %d: %v %s", wrong, code, err, out)
		}
	}
}

func TestSettingsValidate(t *testing.T) {
	good := write(t, "good.json", someSettings)
	out, code, _ := invoke("settings", "validate", good)
	if code != exitDone || !strings.Contains(out, "good.json is valid") || !strings.Contains(out, "warning: "+good+":5:15: /hash_code: unknown key") {
		t.Errorf("%d: %s", code, out)
	}
	bad := write(t, "bad.json", "{\"max_priority\": \"x\",\n \"Topics_priority\": [{\"priority\": 11}]}")
	out, code, err := invoke("settings", "validate", bad)
	for _, want := range []string{bad + ":1:18: /max_priority: want a whole number, got a text\n", bad + ":2:22: /Topics_priority/0: topic is missing\n", bad + ":2:35: /Topics_priority/0/priority: is 11"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in %s", want, out)
		}
	}
	if code != exitConfig || err.Error() != bad+" has 3 problems" {
		t.Errorf("exits with %d: %v", code, err)
	}
	out, code, _ = invoke("settings", "validate", "--json", bad)
	out, _, _ = strings.Cut(out, "\n}\n")
	var v settingsValidity
	if err := json.Unmarshal([]byte(out+"}"), &v); err != nil || code != exitConfig {
		t.Fatal(code, err, out)
	}
	if v.Valid || len(v.Problems) != 3 || v.Problems[0] != (settingsProblem{"/max_priority", 1, 18, "want a whole number, got a text"}) || v.Warnings == nil {
		t.Errorf("got %+v", v)
	}
	if out, code, _ := invoke("settings", "validate", write(t, "page.html", "<html>")); code != exitConfig || !strings.Contains(out, "page.html: document is an HTML") {
		t.Errorf("%d: %s", code, out)
	}
	for want, args := range map[int][]string{exitFailed: {good + "x"}, exitUsage: {}} {
		if _, code, err := invoke(append([]string{"settings", "validate"}, args...)...); code != want {
			t.Errorf("%q exits with %d: %v", args, code, err)
		}
	}
}

func TestSettingsShow(t *testing.T) {
	path := write(t, "s.json", someSettings)
	out, code, _ := invoke("settings", "show", "--settings", path)
	for _, want := range []string{"levels 0 to 10, default 0", "orders   orders_5 to orders_10  9, 3 of level 10", "reports  3",
		"policy strict, max_wait 30s, min_share 3-5: 10 %, reserve 8: 4 slots, for handlers without", "user_role = \"admin\"  9         /Rule_Base_priority/0", "large                4         /boostd/rules/0"} {
		if code != exitDone || !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	out, _, _ = invoke("settings", "show", "--settings", path, "--json")
	_, document, _ := strings.Cut(out, "\n") // the warning
	if s, _, err := priority.Parse([]byte(document)); err != nil || len(s.Rules) != 2 || !strings.Contains(document, "hash_code") {
		t.Errorf("%v\n%s", err, document)
	}
}

// What somebody else has written is no order to the terminal.
func TestSettingsShowPrintably(t *testing.T) {
	path := write(t, "s.json", `{"max_priority": 10, "\u001b[2J\u009b": 1, "Rule_Base_priority": [{"role_name": "a\u001b[31m", "value": "b\u009b\u202e", "priority": 3}],
 "boostd": {"rules": [{"name": "x\u001b[2J\n", "expr": "value.amount > 1000", "priority": 4}]}}`)
	samples := write(t, "samples.jsonl", `{"name": "x\u001b[2J", "message": {"topic": "t"}, "want": {"priority": 1}}`)
	for _, args := range [][]string{{"show"}, {"validate", path}, {"explain", "--topic", "t", "--value", `{"a\u001b[31m": "b\u009b\u202e", "amount": 2000}`}, {"test", samples}} {
		args = append([]string{"settings"}, args...)
		if args[1] != "validate" {
			args = append(args, "--settings", path)
		}
		if out, _, err := invoke(args...); strings.ContainsAny(out, "\x1b\u009b\u202e") || out == "" {
			t.Errorf("%q: %v %q", args, err, out)
		}
	}
}

func TestSettingsExplain(t *testing.T) {
	path := write(t, "s.json", someSettings)
	for _, c := range []struct {
		line string
		want explanation // without candidates
	}{
		{`--topic orders --value {"user_role":"admin"}`, explanation{Priority: 9, Topic: "orders_9", By: "rule", Rule: new(`user_role = "admin"`), RulePointer: new("/Rule_Base_priority/0")}},
		{`--topic orders --value {"user_role":"admin"} --priority=-3`, explanation{Topic: "orders", By: "explicit", Clamped: true}},
		{`--topic orders --value {"user_role":"admin","priority":7}`, explanation{Priority: 7, Topic: "orders_7", By: "value", Outranked: true}},
		{`--topic orders --header priority=6 --value x`, explanation{Priority: 6, Topic: "orders_6", By: "explicit"}},
		{`--topic orders --value {"amount":1001}`, explanation{Priority: 4, Topic: "orders", By: "rule", Rule: new("large"), RulePointer: new("/boostd/rules/0")}},
		{`--topic reports --value {"priority":[]}`, explanation{Priority: 3, Topic: "reports", By: "topic", Mistyped: true}},
		{`--topic orders_8 --priority 1`, explanation{Priority: 8, Topic: "orders_8", By: "topic", Derived: true}},
		{`--topic payments`, explanation{Topic: "payments", By: "default"}},
	} {
		args := append([]string{"settings", "explain", "--settings", path, "--json"}, strings.Fields(c.line)...)
		out, code, err := invoke(args...)
		var got explanation
		if code != exitDone || json.Unmarshal([]byte(out), &got) != nil {
			t.Fatal(code, err, out)
		}
		if len(got.Candidates) == 0 {
			t.Errorf("%s: no candidates", c.line)
		}
		got.Candidates = nil
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(c.want)
		if string(a) != string(b) {
			t.Errorf("%s\n got %s\nwant %s", c.line, a, b)
		}
	}
	out, _, _ := invoke("settings", "explain", "--settings", path, "--topic", "orders", "--value", `{"user_role":"admin","priority":11}`)
	for _, want := range []string{"priority 10, topic orders_10\n", "* value    10", `  rule     9   user_role = "admin"  (/Rule_Base_priority/0)`, "  default  0", "is outside 0 … max_priority"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for want, line := range map[int]string{
		exitUsage:  "--settings " + path,                 // no topic
		exitFailed: "--topic a --settings " + path + "x", // no document
		exitConfig: "--topic a -c " + path + "x",         // no configuration
	} {
		if _, code, err := invoke(append([]string{"settings", "explain"}, strings.Fields(line)...)...); code != want {
			t.Errorf("%s exits with %d: %v", line, code, err)
		}
	}
	for _, line := range []string{"--topic a", "--topic a/b --settings " + path, "--topic a --header x --settings " + path, "--topic a --set x=y"} {
		if _, code, err := invoke(append([]string{"settings", "explain"}, strings.Fields(line)...)...); code != exitUsage {
			t.Errorf("%s exits with %d: %v", line, code, err)
		}
	}
}

func TestSettingsSchema(t *testing.T) {
	out, code, _ := invoke("settings", "schema")
	if code != exitDone || !json.Valid([]byte(out)) || !strings.Contains(out, "Rule_Base_priority") {
		t.Errorf("%d: %s", code, out)
	}
}

func TestSettingsTest(t *testing.T) {
	path := write(t, "s.json", someSettings)
	samples := write(t, "samples.jsonl", `{"name": "an admin", "message": {"topic": "orders", "value": {"user_role": "admin"}}, "want": {"priority": 9, "topic": "orders_9", "by": "rule", "rule": "user_role = \"admin\""}}
{"message": {"topic": "orders", "priority": 12}, "want": {"topic": "orders_10"}}

{"name": "a report",
 "message": {"topic": "reports", "value": "x"}, "want": {"priority": 4}}
{"message": {"topic": "reports"}, "want": {"topic": "reports_3"}} {"message": {"topic": "reports"}, "want": {"by": "rule"}}
{"message": {"topic": "a/b"}, "want": {"priority": 1}}
{"message": {"topic": "a", "valeu": 1}, "want": {"priority": 1}}
{"message": {"topic": "a"}, "want": {}}
{"message": {"topic": "orders", "value": {"amount": 2000}}, "want": {"rule": "small"}}
`)
	out, code, err := invoke("settings", "test", samples, "--settings", path)
	for _, want := range []string{
		":4: a report: priority is 3 by topic, want 4\n", ":6: topic is reports, want reports_3\n", ":6: priority 3 is by topic, want rule\n",
		`:7: message: topic name "a/b" contains`, `:8: message: unknown key "valeu"`, ":9: want has neither", `:10: rule is "large", want "small"`,
		"2 of 9 samples are as they should be\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if code != exitFailed || err.Error() != "7 of 9 samples differ" {
		t.Errorf("exits with %d: %v", code, err)
	}
	good := write(t, "good.jsonl", `{"message": {"topic": "orders_7"}, "want": {"priority": 7}}`)
	if out, code, err := invoke("settings", "test", good, "--settings", path); code != exitDone || out != "1 of 1 samples are as they should be\n" && !strings.HasSuffix(out, "\n1 of 1 samples are as they should be\n") {
		t.Errorf("%d %v: %s", code, err, out)
	}
	out, _, _ = invoke("settings", "test", good, "--settings", path, "--json")
	var o outcome
	if err := json.Unmarshal([]byte(out), &o); err != nil || o != (outcome{Line: 1, OK: true, route: route{7, "orders_7", "topic"}}) {
		t.Errorf("%v %+v in %s", err, o, out)
	}
	for text, want := range map[string]string{
		"": "has none", "\n\n{\"mesage\": 1}": ":3: json: unknown field", "{} x": ":1: invalid character", "[]": ":1: json: cannot unmarshal",
	} {
		if _, code, err := invoke("settings", "test", write(t, "bad", text), "--settings", path); code != exitFailed || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %d, %v", text, code, err)
		}
	}
}

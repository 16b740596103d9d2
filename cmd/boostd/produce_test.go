package main

import (
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/kafkaio/embedded"
)

func TestProduceUsage(t *testing.T) {
	settings := write(t, "settings.json", someSettings)
	place := []string{"--brokers", "127.0.0.1:1", "--settings", settings}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"orders", "v"}, exitUsage, "--brokers and --settings"},
		{append([]string{}, place...), exitUsage, "name the topic"},
		{append([]string{"orders", "v", "--file", "x"}, place...), exitUsage, "--file and values together"},
		{append([]string{"orders", "v", "--format", "xml"}, place...), exitUsage, `--format "xml": want lines or json`},
		{append([]string{"a b", "v"}, place...), exitUsage, "a b"},
		{append([]string{"orders", "v", "--header", "x"}, place...), exitUsage, "want NAME=VALUE"},
		{append([]string{"orders", "v", "--priority", "high"}, place...), exitUsage, "priority"},
		{append([]string{"orders", "--file", "/does/not/exist"}, place...), exitFailed, "no such file"},
		{[]string{"orders", "v", "--brokers", "127.0.0.1:1", "--settings", write(t, "bad.json", `{"max_priority": "x"}`)}, exitFailed, "settings are not usable"},
		{append([]string{"orders", "v"}, place...), exitUnreachable, "no broker answers"},
	} {
		out, code, err := invoke(append([]string{"produce"}, c.args...)...)
		if text := out + errorText(err); code != c.code || !strings.Contains(text, c.want) {
			t.Errorf("produce %q exits with %d, want %d: %s", c.args, code, c.code, text)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestProduceFromArgumentsAndInput(t *testing.T) {
	b, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	admin, err := kafkaio.NewAdmin(kafkaio.Config{Brokers: []string{b.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.EnsureTopics(t.Context(), []kafkaio.TopicSpec{{Name: "orders", Partitions: 1}, {Name: "orders_9", Partitions: 1}}); err != nil {
		t.Fatal(err)
	}
	place := []string{"--brokers", b.Addr(), "--settings", write(t, "settings.json", someSettings)}
	for _, c := range []struct {
		name  string
		args  []string
		input string
		code  int
		want  []string
	}{
		{"arguments", []string{"produce", "orders", "a", `{"user_role": "admin"}`, ""}, "ignored", exitDone, []string{"3 messages delivered", "orders: 2", "orders_9: 1"}},
		{"standard input", []string{"produce", "orders"}, "a\nb", exitDone, []string{"2 messages delivered"}},
		{"nothing", []string{"produce", "orders"}, "", exitDone, []string{"0 messages delivered"}},
		{"json without a topic", []string{"produce", "--format", "json"}, `{"value": "a"}` + "\n", exitFailed, []string{"standard input:1: ", "1 of 1 messages were not delivered"}},
		{"json", []string{"produce", "--format", "json", "--json"}, `{"topic": "orders", "value": "a", "priority": 9}` + "\n" + "[]", exitFailed,
			[]string{`{"line":1,"topic":"orders_9","partition":0,"offset":1,"priority":9,"by":"explicit"}`, `{"line":2,"topic":"","partition":null,"offset":null,"priority":null,"error":"message: want an object`}},
	} {
		root := newRoot()
		var out strings.Builder
		root.SetOut(&out)
		root.SetErr(&out)
		root.SetIn(strings.NewReader(c.input))
		root.SetArgs(append(c.args, place...))
		err := root.Execute()
		text := out.String() + errorText(err)
		if code := codeOf(err); code != c.code {
			t.Errorf("%s: exits with %d, want %d: %s", c.name, code, c.code, text)
		}
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: doesn't say %q: %s", c.name, want, text)
			}
		}
	}
}

package conf

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write puts a file into a folder of the test's own and returns its path.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// layered is a file that every source has something to say about.
const layered = `kafka:
  brokers: [file:1]
  group: file
  properties: {fetch.wait.max.ms: 1, fetch.min.bytes: 1}
settings: {source: file:settings.json}
topics: {My.Orders: {handler: h.1}, x: {handler: h.1}}
handlers: {h.1: {noop: {}, slots: 1, timeout: 1s}}
drain: 1s
`

// show is each value that isn't a default, with where it comes from.
func show(l Loaded) string {
	var lines []string
	for _, v := range l.Values {
		if v.From != preset && !strings.HasSuffix(v.From, ".yaml") && !strings.Contains(v.From, ".yaml:") {
			lines = append(lines, v.Path+" "+v.String()+" "+v.From)
		}
	}
	return strings.Join(lines, "\n")
}

func TestOverrides(t *testing.T) {
	path := write(t, "boostd.yaml", layered)
	for _, c := range []struct {
		name string
		set  []string
		env  []string
		want string
	}{
		{"nothing", nil, nil, ""},
		{"set beats environment beats file", []string{"kafka.group=set"},
			[]string{"BOOSTD_KAFKA_GROUP=env", "BOOSTD_DRAIN=2s", "BOOSTD_KAFKA_BROKERS=[env:1, env:2]"},
			"kafka.brokers [env:1, env:2] BOOSTD_KAFKA_BROKERS\nkafka.group set --set\ndrain 2s BOOSTD_DRAIN"},
		{"the later of two", []string{"kafka.group=a", "kafka.group=b"}, nil, "kafka.group b --set"},
		{"names with dots", []string{"kafka.properties.fetch.wait.max.ms=5", "topics.My.Orders.order=none", "handlers.h.1.retry.attempts=2"}, nil,
			"kafka.properties.fetch.wait.max.ms 5 --set\ntopics.My.Orders.order none --set\nhandlers.h.1.retry.attempts 2 --set"},
		{"names with dots in variables", nil, []string{"BOOSTD_KAFKA_PROPERTIES_FETCH_WAIT_MAX_MS=5", "BOOSTD_TOPICS_MY_ORDERS_ORDER=none", "BOOSTD_HANDLERS_H_1_SLOTS=3"},
			"kafka.properties.fetch.wait.max.ms 5 BOOSTD_KAFKA_PROPERTIES_FETCH_WAIT_MAX_MS\ntopics.My.Orders.order none BOOSTD_TOPICS_MY_ORDERS_ORDER\nhandlers.h.1.slots 3 BOOSTD_HANDLERS_H_1_SLOTS"},
		{"sections that the file hasn't", []string{"kafka.levels.10.properties.fetch.wait.max.ms=5", "log.level=debug", "console.listen=127.0.0.1:0", "handlers.h.1.noop={}"}, nil,
			"kafka.levels.10.properties.fetch.wait.max.ms 5 --set\nhandlers.h.1.noop {} --set\nconsole.listen 127.0.0.1:0 --set\nlog.level debug --set"},
		{"a new handler", []string{"handlers.new.exec=[cat, '-u']", "topics.x.handler=new"}, nil,
			"topics.x.handler new --set\nhandlers.new.exec [cat, -u] --set"},
		{"a value with = in it", []string{"kafka.group=a=b"}, nil, "kafka.group a=b --set"},
		{"a value that looks like YAML", []string{`kafka.group="a" # b: c`}, nil, `kafka.group "\"a\" # b: c" --set`},
		{"an empty value", []string{"console.listen="}, nil, `console.listen "" --set`},
		{"an empty variable counts as not set", nil, []string{"BOOSTD_KAFKA_GROUP="}, ""},
		{"references", []string{"kafka.group=${NAME}-$${x}"}, []string{"NAME=n"}, `kafka.group "n-${x}" --set`},
	} {
		t.Run(c.name, func(t *testing.T) {
			loaded, err := Read(path, Options{Set: c.set, Environ: c.env})
			if err != nil {
				t.Fatal(err)
			}
			if got := show(loaded); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if len(loaded.Warnings) > 0 {
				t.Errorf("warnings %v", loaded.Warnings)
			}
		})
	}
}

func TestOverridesThatAreWrong(t *testing.T) {
	path := write(t, "boostd.yaml", layered)
	for _, c := range []struct {
		name string
		set  []string
		env  []string
		want []string
	}{
		{"no value", []string{"kafka.group"}, nil, []string{`--set: "kafka.group": want KEY=VALUE, such as kafka.group=workers`}},
		{"no key", []string{"=x"}, nil, []string{`--set: "=x": want KEY=VALUE, such as kafka.group=workers`}},
		{"wrong types", []string{"handlers.h.1.slots=many", "drain=5", "kafka.create_topics=1"}, nil, []string{
			`--set kafka.create_topics: want true or false, got "1"`,
			`--set handlers.h.1.slots: want a whole number, got "many"`,
			`--set drain: read duration "5": want a number with a unit, such as 200ms, 30s or 5m`,
		}},
		{"out of bounds", []string{"handlers.h.1.slots=0"}, []string{"BOOSTD_HANDLERS_H_1_TIMEOUT=48h", "BOOSTD_GATE=maybe"}, []string{
			"--set handlers.h.1.slots: 0 isn't possible: leave the key out for the default, 16",
			"BOOSTD_GATE: gate: \"maybe\": want on or off",
			"BOOSTD_HANDLERS_H_1_TIMEOUT: handlers.h.1.timeout: 48h0m0s: want 1ms to 24h0m0s",
		}},
		{"unknown keys", []string{"kafka.gruop=x", "polcy.mode=strict", "kafka.bootstrap_servers=x", "nothing=1", "policy.max_waits=1s"}, nil, []string{
			`--set kafka.gruop: unknown key, did you mean "group"?`,
			`--set polcy.mode: unknown key, did you mean "policy"?`,
			"--set kafka.bootstrap_servers: unknown key: it is kafka.brokers here",
			"--set nothing: unknown key",
			`--set policy.max_waits: unknown key, did you mean "max_wait"?`,
		}},
		{"whole sections", []string{"kafka={}", "topics={}", "kafka.properties={a: b}", "handlers.h.1.retry={attempts: 1}", "handlers.h.1.noop=yes"}, nil, []string{
			"--set kafka: is a section: set one of its keys, such as kafka.brokers=…",
			"--set topics: is a section: set one of its keys, such as topics.NAME.handler=…",
			"--set kafka.properties: is a section: set one of its keys, such as kafka.properties.NAME=…",
			"--set handlers.h.1.retry: is a section: set one of its keys, such as handlers.h.1.retry.attempts=…",
			"--set handlers.h.1.noop: has no keys: want {}",
		}},
		{"lists", []string{"kafka.brokers=a:1", "kafka.brokers[0]=x", "kafka.brokers.0=x", "handlers.h.1.exec=[a] [b]", "kafka.brokers=[a, [b]]"}, []string{"BOOSTD_HANDLERS_H_1_EXEC=cat"}, []string{
			`--set kafka.brokers: want a list in brackets, such as 'kafka.brokers=[a, b]', got "a:1"`,
			`--set kafka.brokers[0]: unknown key, did you mean "brokers"?`,
			"--set kafka.brokers.0: kafka.brokers is a list: set it as a whole, such as kafka.brokers=[a, b]",
			`--set handlers.h.1.exec: want a list in brackets, such as 'handlers.h.1.exec=[a, b]', got "[a] [b]"`,
			"--set kafka.brokers[1]: want a single value, got a list",
			`BOOSTD_HANDLERS_H_1_EXEC: handlers.h.1.exec: want a list in brackets, such as 'handlers.h.1.exec=[a, b]', got "cat"`,
		}},
		{"too deep", []string{"drain.x=1", "kafka.group.a.b.c.d=1", strings.Repeat("kafka.", 1000) + "x=1"}, nil, []string{
			"--set drain.x: drain holds a single value and has no keys",
			"--set kafka.group.a.b.c.d: kafka.group holds a single value and has no keys",
			`--set "` + strings.Repeat("kafka.", 1000)[:40] + `": unknown key: it belongs elsewhere, as kafka`,
		}},
		{"strange names", []string{"topics.a b.handler=x", "handlers.\x1b[2J.slots=5", "kafka.properties.a/b=1", "kafka..group=x"}, nil, []string{
			`--set "topics.a b.handler": "a b" is no name: want letters, digits, '.', '_' and '-'`,
			`--set "handlers.\x1b[2J.slots": "\x1b[2J" is no name: want letters, digits, '.', '_' and '-'`,
			`--set kafka.properties.a/b: "a/b" is no name: want letters, digits, '.', '_' and '-'`,
			"--set kafka..group: unknown key",
		}},
		{"binary", []string{"kafka.group=\xff\xfe"}, []string{"BOOSTD_GATE=\x00\x01"}, []string{
			"--set kafka.group: its value is no text",
			"BOOSTD_GATE: gate: its value is no text",
		}},
		{"a newline", nil, []string{"BOOSTD_GATE=on\noff", "BOOSTD_HANDLERS_H_1_SLOTS=5\n"}, []string{
			`BOOSTD_GATE: gate: "on\noff": want on or off`,
			`BOOSTD_HANDLERS_H_1_SLOTS: handlers.h.1.slots: want a whole number, got "5\n"`,
		}},
		{"enormous", []string{"kafka.group=" + strings.Repeat("x", MaxFile)}, nil, []string{
			"--set kafka.group: is larger than 1048576 bytes",
		}},
		{"secrets", []string{"kafka.properties.sasl.password=canary", "kafka.producer_properties.ssl.key.pem=canary", "kafka.levels.10.properties.sasl.oauthbearer.client.secret=x${X}", "handlers.h.1.settings.db.password=canary", "handlers.h.1.process.env.API_TOKEN=canary"}, nil, []string{
			"--set kafka.properties.sasl.password: is a secret, and lists of processes show the command line: give a reference, such as '${file:PATH}', '${credential:NAME}' or '${NAME}'",
			"--set kafka.producer_properties.ssl.key.pem: is a secret, and lists of processes show the command line: give a reference, such as '${file:PATH}', '${credential:NAME}' or '${NAME}'",
			"--set kafka.levels.10.properties.sasl.oauthbearer.client.secret: is a secret, and lists of processes show the command line: give a reference, such as '${file:PATH}', '${credential:NAME}' or '${NAME}'",
			"--set handlers.h.1.settings.db.password: is a secret, and lists of processes show the command line: give a reference, such as '${file:PATH}', '${credential:NAME}' or '${NAME}'",
			"--set handlers.h.1.process.env.API_TOKEN: is a secret, and lists of processes show the command line: give a reference, such as '${file:PATH}', '${credential:NAME}' or '${NAME}'",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read(path, Options{Set: c.set, Environ: c.env})
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("error %v", err)
			}
			if got, want := problems.Error(), strings.Join(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestVariableForTwoKeys(t *testing.T) {
	path := write(t, "boostd.yaml", replaced("handlers: {h: {noop: {}}, a-b: {noop: {}}, a_b: {noop: {}}}")+"drain: 5s\n")
	_, err := Read(path, Options{Environ: []string{"BOOSTD_HANDLERS_A_B_SLOTS=5"}})
	if want := "BOOSTD_HANDLERS_A_B_SLOTS: stands for handlers.a-b.slots as well as for handlers.a_b.slots: use --set"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
}

// A misspelt variable is a warning, what others set is nothing at all.
func TestVariablesWithoutEffect(t *testing.T) {
	path := write(t, "boostd.yaml", replaced("kafka: {brokers: [a:1], group: \"${BOOSTD_OWN}\"}"))
	loaded, err := Read(path, Options{Environ: []string{
		"BOOSTD_OWN=g", "BOOSTD_KAFKA_GRUOP=canary", "BOOSTD_NOTHING_LIKE_IT=canary", "boostd_drain=5s", "BOOSTD_\x1b[2J=canary", "BOOSTD", "=",
		"BOOSTD_SERVICE_HOST=10.0.0.1", "BOOSTD_SERVICE_PORT=80", "BOOSTD_SERVICE_PORT_HTTP=80", "BOOSTD_PORT=tcp://10.0.0.1:80",
		"BOOSTD_PORT_80_TCP=tcp://10.0.0.1:80", "BOOSTD_PORT_80_TCP_PROTO=tcp", "BOOSTD_PORT_80_TCP_PORT=80", "BOOSTD_PORT_80_TCP_ADDR=10.0.0.1",
		"BOOSTD_METRICS_SERVICE_HOST=10.0.0.1", "BOOSTD_METRICS_PORT_80_TCP=x", "BOOSTD_TEST_KEEP=x",
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := `"BOOSTD_\x1b[2J": has no effect: there is no such key` + "\n" +
		`BOOSTD_KAFKA_GRUOP: has no effect: there is no such key, did you mean "BOOSTD_KAFKA_GROUP"?` + "\n" +
		"BOOSTD_NOTHING_LIKE_IT: has no effect: there is no such key"
	if got := loaded.Warnings.Error(); got != want {
		t.Errorf("warnings\n%s\nwant\n%s", got, want)
	}
}

// Overrides make a file whole that isn't, and none helps one that is no file.
func TestOverridesOfABrokenFile(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"kafka: {brokers: [a:1]}\nsettings: {source: file:s}\ntopics: {o: {handler: h}}\nhandlers: {h: {noop: {}}}\n", ""},
		{"kafka:\nsettings: {source: file:s}\ntopics: {o: {handler: h}}\nhandlers: {h: {noop: {}}}\n",
			"boostd.yaml:1:7: kafka.brokers: is missing: name at least one broker as host:port"},
		{"kafka: [x]\nsettings: {source: file:s}\ntopics: {o: {handler: h}}\nhandlers: {h: {noop: {}}}\n",
			"boostd.yaml:1:8: kafka: want keys and values, got a list"},
		{"- a\n", "boostd.yaml:1:1: want keys and values, got a list"},
		{"\x00", "boostd.yaml: not YAML: control characters are not allowed (value: 0)"},
	} {
		path := write(t, "boostd.yaml", c.text)
		_, err := Read(path, Options{Set: []string{"kafka.group=g"}, Environ: []string{"BOOSTD_DRAIN=1s"}})
		got := ""
		if err != nil {
			got = strings.ReplaceAll(err.Error(), path, "boostd.yaml")
		}
		if got != c.want {
			t.Errorf("%q\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

func FuzzOverrides(f *testing.F) {
	f.Add("kafka.group", "x", "BOOSTD_DRAIN", "5s")
	f.Add("topics.My.Orders.order", "key", "BOOSTD_HANDLERS_H_1_SLOTS", "7")
	f.Add("kafka.properties.sasl.password", "${X}", "BOOSTD_KAFKA_BROKERS", "[a, b]")
	f.Add("handlers..x.", "{}", "BOOSTD_", "\n")
	f.Add("kafka.brokers", "[&a [*a, !t x]]", "BOOSTD_KAFKA_BROKERS", "[")
	f.Fuzz(func(t *testing.T, key, value, name, content string) {
		d, file := parse("f", []byte(layered), newEnvironment([]string{name + "=" + content}), []string{key + "=" + value}, true)
		d.close()
		for _, p := range append(d.problems, d.warnings...) {
			if p.Text == "" || strings.ContainsFunc(p.String(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("%q isn't fit for a terminal", p)
			}
		}
		if len(d.problems) == 0 {
			for _, v := range d.values(file) {
				if v.Path == "" || v.From == "" || strings.ContainsAny(v.String(), "\n\x1b") {
					t.Errorf("value %+v", v)
				}
			}
		}
	})
}

package conf

import (
	"fmt"
	"strings"
	"testing"
)

// numbered are lines with unknown keys, firstNumbered what is said about them
// behind the one above them.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "unknown_key_%d: 1\n", i)
	}
	return b.String()
}

func firstNumbered(n int) []string {
	lines := []string{"f:5:1: " + strings.Repeat("a", 250) + ": unknown key"}
	for i := range n {
		lines = append(lines, fmt.Sprintf("f:%d:1: unknown_key_%d: unknown key", i+6, i))
	}
	return lines
}

func TestProblems(t *testing.T) {
	t.Setenv("BOOSTD_TEST_SECRET", "canary")
	// with puts a line in the place of the least file's line that begins alike.
	with := func(line string) string {
		section, _, _ := strings.Cut(line, ":")
		var lines []string
		for l := range strings.Lines(least) {
			if !strings.HasPrefix(l, section+":") {
				lines = append(lines, l)
			}
		}
		return strings.Join(lines, "") + line + "\n"
	}
	_, rest, _ := strings.Cut(least, "\n")
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", []string{
			"f: is empty",
		}},
		{"comment only", "# nothing\n", []string{
			"f: is empty",
		}},
		{"document without content", "---\n", []string{
			"f: is empty",
		}},
		{"list", "- a\n", []string{
			"f:1:1: want keys and values, got a list",
		}},
		{"text", "boostd\n", []string{
			`f:1:1: want keys and values, got "boostd"`,
		}},
		{"HTML", "<!DOCTYPE html>\n<html><body class=\"x\">a: b: c</body></html>\n", []string{
			"f:2:24: not YAML: mapping values are not allowed in this context",
		}},
		{"not YAML", "kafka: {brokers: [a:9092]\ntopics: {}\n", []string{
			"f:2:1: not YAML: did not find expected ',' or '}'",
		}},
		{"open quote", least + "gate: \"on\n", []string{
			"f:6:1: not YAML: found unexpected end of stream",
		}},
		{"tab", "kafka:\n\tgroup: g\n", []string{
			"f:2:1: not YAML: found character that cannot start any token (a tab: indent with spaces)",
		}},
		{"binary", "\x7fELF\x02\x01\x01\x00\x00", []string{
			"f: not YAML: control characters are not allowed (value: 2)",
		}},
		{"not UTF-8", "kafka: {group: \xff\xfe}\n", []string{
			"f: not YAML: invalid leading UTF-8 octet (value: 255)",
		}},
		{"oversized", strings.Repeat("#", MaxFile+1), []string{
			"f: is larger than 1048576 bytes",
		}},
		{"very deep", strings.Repeat("[", 20_000), []string{
			"f:1:10001: not YAML: exceeded max depth of 10000",
		}},
		{"second document", least + "---\ngate: off\n", []string{
			"f:5:1: a second document begins here: want one",
		}},
		{"broken second document", least + "---\n]\n", []string{
			"f:6:1: not YAML: did not find expected node content",
		}},
		{"alias", with("settings: {source: &s file:settings.json}") + "gate: *s\n", []string{
			"f:5:7: gate: anchors and aliases are not supported",
		}},
		{"alias bomb", "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nkafka: {brokers: *c, properties: *c, group: *a}\n", []string{
			"f: settings.source: is missing: say where the settings document is, such as file:settings.json",
			"f: topics: is missing: name at least one topic and its handler",
			"f: handlers: is missing: name at least one handler",
			"f:1:1: a: unknown key",
			"f:2:1: b: unknown key",
			"f:3:1: c: unknown key",
			"f:4:18: kafka.brokers: anchors and aliases are not supported",
			"f:4:34: kafka.properties: anchors and aliases are not supported",
			"f:4:45: kafka.group: anchors and aliases are not supported",
		}},
		{"alias to itself", "topics: &a {x: *a}\n", []string{
			"f: kafka.brokers: is missing: name at least one broker as host:port",
			`f: kafka.group: is missing: it is the prefix of the consumer groups (KafkaBoost without a group id used "None")`,
			"f: settings.source: is missing: say where the settings document is, such as file:settings.json",
			"f: handlers: is missing: name at least one handler",
			"f:1:16: topics.x: anchors and aliases are not supported",
		}},
		{"merge key", least + "policy: {<<: {mode: strict}}\n", []string{
			`f:5:10: policy."<<": unknown key`,
		}},
		{"tag", least + "gate: !vault on\n", []string{
			`f:5:7: gate: tags such as "!vault" are not supported`,
		}},
		{"unknown keys", least + "polcy: {}\nnothing_like_it: 1\n", []string{
			`f:5:1: polcy: unknown key, did you mean "policy"?`,
			"f:6:1: nothing_like_it: unknown key",
		}},
		{"unknown inner key", with("handlers: {h: {noop: {}, retry: {atempts: 3}}}"), []string{
			`f:4:34: handlers.h.retry.atempts: unknown key, did you mean "attempts"?`,
		}},
		{"key of unusual form", least + "\"a: b\\e[2J\": 1\n? [x]\n: 1\n", []string{
			"f:5:1: \"a: b\\x1b[2J\": unknown key",
			"f:6:3: a key must be a plain word",
		}},
		{"duplicate keys", least + "gate: on\ngate: off\n", []string{
			"f:6:1: gate: stands here twice",
		}},
		{"duplicate topic", with("topics: {orders: {handler: h}, orders: {handler: h}}"), []string{
			"f:4:32: topics.orders: stands here twice",
		}},
		{"wrong kinds of value", "kafka: [a]\nsettings: file:settings.json\ntopics: orders\nhandlers: 7\npolicy: strict\n", []string{
			"f:1:8: kafka: want keys and values, got a list",
			`f:2:11: settings: want keys and values, got "file:settings.json"`,
			`f:3:9: topics: want keys and values, got "orders"`,
			`f:4:11: handlers: want keys and values, got "7"`,
			`f:5:9: policy: want keys and values, got "strict"`,
		}},
		{"wrong kinds inside", with("kafka: {brokers: localhost, group: [g], properties: {a: {b: c}}}"), []string{
			`f:4:18: kafka.brokers: want a list, got "localhost"`,
			"f:4:36: kafka.group: want a single value, got a list",
			"f:4:57: kafka.properties.a: want a single value, got keys and values",
		}},
		{"nothing", with("kafka: {brokers: , group: }"), []string{
			"f:4:18: kafka.brokers: want a list, got nothing",
			"f:4:27: kafka.group: has no value",
		}},
		{"a section of nothing", with("kafka:"), []string{
			"f:4:7: kafka.brokers: is missing: name at least one broker as host:port",
			`f:4:7: kafka.group: is missing: it is the prefix of the consumer groups (KafkaBoost without a group id used "None")`,
		}},
		{"not a boolean", with("kafka: {brokers: [a:9092], group: g, create_topics: yes}"), []string{
			`f:4:53: kafka.create_topics: want true or false, got "yes"`,
		}},
		{"boolean of one letter", with("kafka: {brokers: [a:9092], group: g, create_topics: t}"), []string{
			`f:4:53: kafka.create_topics: want true or false, got "t"`,
		}},
		{"not whole", with("handlers: {h: {noop: {}, slots: 1.5, retry: {attempts: many}}}"), []string{
			`f:4:33: handlers.h.slots: want a whole number, got "1.5"`,
			`f:4:56: handlers.h.retry.attempts: want a whole number, got "many"`,
		}},
		{"enormous", with("handlers: {h: {noop: {}, slots: 99999999999}}"), []string{
			`f:4:33: handlers.h.slots: want a whole number, got "99999999999"`,
		}},
		{"secret of the wrong type", with("handlers: {h: {noop: {}, slots: \"${BOOSTD_TEST_SECRET}\"}}"), []string{
			`f:4:33: handlers.h.slots: want a whole number, got "${BOOSTD_TEST_SECRET}"`,
		}},
		{"durations", least + "drain: 20\nstart_wait: -1s\n", []string{
			`f:5:8: drain: read duration "20": want a number with a unit, such as 200ms, 30s or 5m`,
			`f:6:13: start_wait: read duration "-1s": must not be negative`,
		}},
		{"long durations", least + "drain: 61m\nstart_wait: 2h\n", []string{
			"f:5:8: drain: 1h1m0s: want at most 1h",
			"f:6:13: start_wait: 2h0m0s: want at most 1h",
		}},
		{"variable not set", with("kafka: {brokers: [\"${BOOSTD_TEST_NOWHERE}:1\"], group: \"${BOOSTD_TEST_NO}${BOOSTD_TEST_ONE}\"}"), []string{
			"f:4:19: kafka.brokers[0]: environment variable BOOSTD_TEST_NOWHERE is not set",
			"f:4:55: kafka.group: environment variable BOOSTD_TEST_NO is not set",
			"f:4:55: kafka.group: environment variable BOOSTD_TEST_ONE is not set",
		}},
		{"sections missing", "policy: {mode: strict}\n", []string{
			"f: kafka.brokers: is missing: name at least one broker as host:port",
			`f: kafka.group: is missing: it is the prefix of the consumer groups (KafkaBoost without a group id used "None")`,
			"f: settings.source: is missing: say where the settings document is, such as file:settings.json",
			"f: topics: is missing: name at least one topic and its handler",
			"f: handlers: is missing: name at least one handler",
		}},
		{"gate", least + "gate: true\n", []string{
			`f:5:7: gate: "true": want on or off`,
		}},
		{"policy that there isn't", least + "policy: {mode: fair}\n", []string{
			`f:5:16: policy.mode: "fair": want strict or exclusive`,
		}},
		{"a mode that is a key", least + "policy: {mode: max_wait}\n", []string{
			"f:5:16: policy.mode: want strict or exclusive; max_wait is a key of its own beside mode",
		}},
		{"policy of wrong types", least + "policy: {max_wait: 30, min_share: [5], reserve: {8: many}, max_wiat: 1s}\n", []string{
			`f:5:20: policy.max_wait: read duration "30": want a number with a unit, such as 200ms, 30s or 5m`,
			"f:5:35: policy.min_share: want keys and values, got a list",
			`f:5:53: policy.reserve.8: want a whole number, got "many"`,
			`f:5:60: policy.max_wiat: unknown key, did you mean "max_wait"?`,
		}},
		{"policy's levels", least + "policy: {min_share: {x: 5, 5-3: 5, 1.5: 5, 1001: 5, 999-5000: 5}, reserve: {3-5: 4, x: 1, 0: 1, 2000: 1}}\n", []string{
			`f:5:25: policy.min_share.x: "x": want a level or a range of levels, such as 8 or 3-5`,
			`f:5:33: policy.min_share.5-3: "5-3": want the lower level first, 3-5`,
			`f:5:41: policy.min_share.1.5: "1.5": want a level or a range of levels, such as 8 or 3-5`,
			"f:5:50: policy.min_share.1001: level 1001 is outside 0 to 1000",
			"f:5:63: policy.min_share.999-5000: level 1001 is outside 0 to 1000",
			"f:5:82: policy.reserve.3-5: want one level: its slots are for that level and all above it",
			`f:5:88: policy.reserve.x: "x": want a level, such as 8`,
			"f:5:94: policy.reserve.0: level 0 is outside 1 to 1000",
			"f:5:103: policy.reserve.2000: level 2000 is outside 1 to 1000",
		}},
		{"policy's numbers", least + "policy: {min_share: {0: 0, 1: 95, 3-5: 91}, reserve: {8: 16, 9: 0}}\n", []string{
			"f:5:21: policy.min_share: 368 percent in all, at most 90: the levels above need the rest",
			"f:5:25: policy.min_share.0: level 0 has 0 percent, want 1 to 90",
			"f:5:31: policy.min_share.1: level 1 has 95 percent, want 1 to 90",
			"f:5:40: policy.min_share.3-5: level 3 has 91 percent, want 1 to 90",
			"f:5:58: policy.reserve.8: 16 slots for level 8 and above, want 1 to 15: the handler has 16",
			"f:5:65: policy.reserve.9: 0 slots for level 9 and above, want 1 to 15: the handler has 16",
		}},
		{"policy that contradicts itself", least + "policy: {mode: exclusive, max_wait: 5s, min_share: {0-4: 10, 3: 20, 9: 30}, reserve: {8: 2, 9: 4}}\n", []string{
			"f:5:37: policy.max_wait: exclusive lets nothing go before a higher level; leave one of the two out",
			"f:5:52: policy.min_share: exclusive lets nothing go before a higher level; leave one of the two out",
			"f:5:52: policy.min_share: level 3 is there twice",
			"f:5:52: policy.min_share: 100 percent in all, at most 90: the levels above need the rest",
			"f:5:86: policy.reserve: 4 slots for level 9 and above, but only 2 for level 8 and above, which include them",
		}},
		{"a policy and its handlers", "kafka: {brokers: [a], group: g}\nsettings: {source: file:s}\ntopics: {x: {handler: a}, y: {handler: b}, z: {handler: c}}\n" +
			"handlers: {a: {noop: {}}, b: {noop: {}, slots: 4}, c: {noop: {}, slots: 2, policy: {reserve: {5: 2}}}}\npolicy: {min_share: {0: 99}, reserve: {8: 4, 9: 4}}\n", []string{
			"f:4:98: handlers.c.policy.reserve.5: 2 slots for level 5 and above, want 1 to 1: the handler has 2",
			"f:5:25: policy.min_share.0: level 0 has 99 percent, want 1 to 90",
			"f:5:43: policy.reserve.8: 4 slots for level 8 and above, want 1 to 3: the handler has 4 (b)",
			"f:5:49: policy.reserve.9: 4 slots for level 9 and above, want 1 to 3: the handler has 4 (b)",
		}},
		{"levels", with("kafka: {brokers: [a], group: g, only_levels: [high, 9-8, 2000, [1], base]}"), []string{
			`f:4:47: kafka.only_levels[0]: "high": want levels, such as 8, 3-5 or base`,
			`f:4:53: kafka.only_levels[1]: "9-8": want the lower level first, 8-9`,
			`f:4:58: kafka.only_levels[2]: "2000": no level is above 1000`,
			"f:4:64: kafka.only_levels[3]: want a single value, got a list",
		}},
		{"levels in short", with("kafka: {brokers: [a], group: g, levels: 8-x}"), []string{
			`f:4:41: kafka.only_levels[0]: "8-x": want levels, such as 8, 3-5 or base`,
		}},
		{"levels twice", with("kafka: {brokers: [a], group: g, levels: 8-9, only_levels: 9}"), []string{
			"f:4:46: kafka.only_levels: stands here twice",
		}},
		{"no levels", with("kafka: {brokers: [a], group: g, levels: []}"), []string{
			"f:4:41: kafka.only_levels: names no level: leave it out to consume all",
		}},
		{"levels of nothing", with("kafka: {brokers: [a], group: g, only_levels: }"), []string{
			"f:4:46: kafka.only_levels: want a list, got nothing",
		}},
		{"preemptible", with("handlers: {h: {noop: {}, preemptible: often, policy: exclusive}}"), []string{
			`f:4:39: handlers.h.preemptible: want true or false, got "often"`,
			`f:4:54: handlers.h.policy: want keys and values, got "exclusive"`,
		}},
		{"settings too often", with("settings: {source: file:settings.json, refresh: 10ms, s3: {endpoint: host}}"), []string{
			"f:4:49: settings.refresh: 10ms: want 1s to 1h0m0s",
			"f:4:70: settings.s3.endpoint: want an address such as https://host/path",
		}},
		{"a bucket alone", with("settings: {source: \"s3://bucket\"}"), []string{
			"f:4:20: settings.source: want s3://BUCKET/FOLDER/, such as s3://my-bucket/users/user123/, or s3://BUCKET/KEY for one object",
		}},
		{"no source", with("settings: {source: settings.json}"), []string{
			"f:4:20: settings.source: want file:PATH, such as file:settings.json or file:///etc/boostd/settings.json, or s3://BUCKET/FOLDER/, or https://HOST/PATH",
		}},
		{"unknown handler", with("topics: {My.Orders: {handler: hh}, b: {handler: wrokers}}"), []string{
			"f:3:15: handlers.h: no topic uses it",
			`f:4:31: topics.My.Orders.handler: there is no handler "hh"`,
			`f:4:49: topics.b.handler: there is no handler "wrokers"`,
		}},
		{"topics", with("topics: {orders: {}, My.Topic: {handler: h, order: random}, \"a b\": {handler: h}, __x: {handler: h}}"), []string{
			"f:4:18: topics.orders.handler: is missing: name one of handlers",
			`f:4:52: topics.My.Topic.order: "random": want key, partition or none`,
			`f:4:61: topics."a b": want a name of letters, digits, '.', '_' and '-'`,
			`f:4:87: topics.__x: topic name "__x" begins with __, which is Kafka's own`,
		}},
		{"handler without use", with("handlers: {h: {noop: {}}, spare: {log: }}"), []string{
			"f:4:34: handlers.spare: no topic uses it",
		}},
		{"no kind", with("handlers: {h: {slots: 4}}"), []string{
			"f:4:15: handlers.h: no kind of handler is given: want exactly one of log, noop, sleep, exec, http, forward, plugin",
		}},
		{"keys of plugins", with("handlers:\n  h:\n    plugin: p\n    process:\n      nice: 20\n      memory: 1MiB\n      env: {a-b: x, BOOSTD_A: x, PLUGIN_B: \"${BOOSTD_TEST_SECRET}\", C: \"a\\0b\"}\n    args: [\"a\\0b\"]\n    settings: {a: [b], b: }\n    settigns: {}"), []string{
			"f:8:13: handlers.h.process.nice: 20: want 0 to 19",
			"f:9:15: handlers.h.process.memory: 1MiB: want at least 16MiB",
			"f:10:18: handlers.h.process.env.a-b: want a name of letters, digits and '_' that doesn't begin with a digit",
			"f:10:31: handlers.h.process.env.BOOSTD_A: names that begin with BOOSTD_ or PLUGIN_ are boostd's own: choose another",
			"f:10:44: handlers.h.process.env.PLUGIN_B: names that begin with BOOSTD_ or PLUGIN_ are boostd's own: choose another",
			"f:10:72: handlers.h.process.env.C: has a NUL byte in it, which no variable can have",
			"f:11:12: handlers.h.args[0]: contains a NUL byte, which no program can be given",
			"f:12:19: handlers.h.settings.a: want a single value, got a list",
			"f:12:27: handlers.h.settings.b: has no value",
			`f:13:5: handlers.h.settigns: unknown key, did you mean "settings"?`,
		}},
		{"a plugin's keys without one", with("handlers:\n  h:\n    exec: [cat]\n    args: [-u]\n    settings: {a: b}\n    process: {nice: 1}\n    env: {A: b}"), []string{
			"f:7:11: handlers.h.args: is for plugin, and this is exec: leave it out",
			"f:8:15: handlers.h.settings: is for plugin, and this is exec: leave it out",
			"f:10:5: handlers.h.env: unknown key: it belongs elsewhere, as handlers.NAME.process.env",
		}},
		{"a secret as an argument", with("handlers: {h: {plugin: p, args: [a, \"${file:/dev/null}\", \"--token=${BOOSTD_TEST_SECRET}\"]}}"), []string{
			"f:4:37: handlers.h.args[1]: file /dev/null can't be read: it is no ordinary file",
			"f:4:37: handlers.h.args[1]: is a secret, and lists of processes show the arguments of a program: give it in settings or in process.env",
			"f:4:58: handlers.h.args[2]: is a secret, and lists of processes show the arguments of a program: give it in settings or in process.env",
		}},
		{"no folder for plugins", with("plugin_dir: \"\""), []string{
			`f:5:13: plugin_dir: "": want a folder, such as /usr/lib/boostd/plugins`,
		}},
		{"several kinds", with("handlers: {h: {log: , noop: {}, exec: [cat]}}"), []string{
			"f:4:15: handlers.h: several kinds of handler are given (log, noop, exec): want exactly one",
		}},
		{"kind of nothing", with("handlers: {h: {exec: }}"), []string{
			"f:4:22: handlers.h.exec: want a list, got nothing",
		}},
		{"handler out of bounds", with("handlers: {h: {sleep: {min: 2s, max: 1s}, slots: -1, timeout: 48h, retry: {backoff: 1h}}}"), []string{
			"f:4:29: handlers.h.sleep.min: 2s: want 0 to sleep.max (1s)",
			"f:4:50: handlers.h.slots: -1: want 1 to 4096",
			"f:4:63: handlers.h.timeout: 48h0m0s: want 1ms to 24h0m0s",
			"f:4:85: handlers.h.retry.backoff: 1h0m0s: want 1ms to retry.max_backoff (30s)",
		}},
		{"NUL in an argument", with("handlers: {h: {exec: [cat, \"\\0\"]}}"), []string{
			"f:4:28: handlers.h.exec[1]: contains a NUL byte, which no program can be given",
		}},
		{"password in an address", with("handlers: {h: {http: \"http://u:${BOOSTD_TEST_SECRET}@x/\"}}"), []string{
			"f:4:22: handlers.h.http: the address has a user name or password in it: want an address without, such as http://127.0.0.1:9000/handle",
		}},
		{"properties that boostd owns", "kafka:\n  brokers: [a:9092]\n  group: g\n  properties:\n    enable.auto.commit: true\n    client.rack: r\n  levels:\n    10: {properties: {group.id: x}}\n    top: {}\n" + rest, []string{
			"f:5:25: kafka.properties.enable.auto.commit: is boostd's own: boostd commits what a handler has finished",
			"f:8:33: kafka.levels.10.properties.group.id: is boostd's own: use kafka.group",
			"f:9:10: kafka.levels.top: want a level's number or base",
		}},
		{"more than anybody reads", least + strings.Repeat("a", 250) + ": 1\n" + numbered(1500), append(firstNumbered(999), "f: and 501 more")},
		{"everything at once", "kafka: {broker: [a:9092], group: }\nsettings: {source: http://x}\ntopics:\n  a: {handler: x, order: none}\n  b: {handler: y, order: sometimes}\nhandlers:\n  y: {noop: {}, slots: x, timeout: 1ns}\ngate: maybe\n", []string{
			"f:1:8: kafka.brokers: is missing: name at least one broker as host:port",
			`f:1:9: kafka.broker: unknown key, did you mean "brokers"?`,
			"f:1:34: kafka.group: has no value",
			"f:2:20: settings.source: want https; http is for this machine alone, such as http://127.0.0.1:8080/settings",
			`f:4:16: topics.a.handler: there is no handler "x"`,
			`f:5:26: topics.b.order: "sometimes": want key, partition or none`,
			`f:7:24: handlers.y.slots: want a whole number, got "x"`,
			"f:7:36: handlers.y.timeout: 1ns: want 1ms to 24h0m0s",
			`f:8:7: gate: "maybe": want on or off`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := "accepted"
			if _, err := Parse("f", []byte(c.text)); err != nil {
				got = err.Error()
			}
			if want := strings.Join(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

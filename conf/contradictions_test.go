package conf

import (
	"strings"
	"testing"
)

// What can't be meant together is refused, and what may surprise is a warning.
func TestContradictions(t *testing.T) {
	const kafka = "kafka: {brokers: [a:1], group: g, "
	for _, c := range []struct {
		name, lines   string
		want, warning []string
	}{
		{"sasl without a protocol", kafka + "properties: {sasl.username: u, sasl.password: p}}", []string{
			"f:4:63: kafka.properties.sasl.username: has no effect without security.protocol: set that to sasl_ssl, or to sasl_plaintext",
			"f:4:81: kafka.properties.sasl.password: has no effect without security.protocol: set that to sasl_ssl, or to sasl_plaintext",
		}, nil},
		{"tls without a protocol", kafka + "properties: {ssl.ca.location: /ca}}", []string{
			"f:4:65: kafka.properties.ssl.ca.location: has no effect without security.protocol: set that to ssl or sasl_ssl",
		}, nil},
		{"tls while there is none", kafka + "properties: {security.protocol: SASL_PLAINTEXT, sasl.mechanism: SCRAM-SHA-256, ssl.ca.location: /ca}}", []string{
			"f:4:131: kafka.properties.ssl.ca.location: has no effect while security.protocol is sasl_plaintext: want ssl or sasl_ssl",
		}, nil},
		{"sasl while there is none", kafka + "properties: {security.protocol: ssl, sasl.mechanism: PLAIN}}", []string{
			"f:4:88: kafka.properties.sasl.mechanism: has no effect while security.protocol is ssl: want sasl_ssl or sasl_plaintext",
		}, nil},
		{"no mechanism", kafka + "properties: {security.protocol: SASL_SSL, sasl.username: u}}", []string{
			"f:4:67: kafka.properties.security.protocol: sasl_ssl wants sasl.mechanism too, such as SCRAM-SHA-512",
		}, nil},
		{"a producer that differs", kafka + "properties: {security.protocol: ssl}, producer_properties: {security.protocol: sasl_ssl}}", []string{
			"f:4:114: kafka.producer_properties.security.protocol: sasl_ssl wants sasl.mechanism too, such as SCRAM-SHA-512",
		}, nil},
		{"a producer that inherits", kafka + "properties: {security.protocol: sasl_ssl, sasl.mechanism: PLAIN}, producer_properties: {sasl.username: u}}", nil, nil},
		{"a level of its own", kafka + "levels: {10: {properties: {sasl.mechanism: PLAIN}}}}", []string{
			"f:4:78: kafka.levels.10.properties.sasl.mechanism: has no effect without security.protocol: set that to sasl_ssl, or to sasl_plaintext",
		}, nil},
		{"a password in the clear", kafka + "properties: {security.protocol: sasl_plaintext, sasl.mechanism: PLAIN}}", nil, []string{
			"f:4:67: kafka.properties.security.protocol: the password crosses the network in the clear: use sasl_ssl",
		}},
		{"assignor by property", kafka + "assignor: range, properties: {partition.assignment.strategy: cooperative-sticky}}", []string{
			"f:4:96: kafka.properties.partition.assignment.strategy: is boostd's own: use kafka.assignor",
		}, nil},
		{"a public address without a token", "console: {listen: \"0.0.0.0:8484\"}", []string{
			`f:5:19: console.listen: "0.0.0.0:8484" is reachable from other machines: name a token_file, or listen on 127.0.0.1`,
		}, nil},
		{"a token for no port", "console: {token_file: t}", []string{
			"f:5:23: console.token_file: is for listen, which is missing",
		}, nil},
		{"one audit file, two opinions", "handlers: {h: {noop: {}, audit: a, audit_required: true}, i: {noop: {}, audit: a}, j: {noop: {}, audit: b}}\ntopics: {x: {handler: h}, y: {handler: i}, z: {handler: j}}", []string{
			"f:3:62: handlers.i.audit_required: is false here and true for handler h, which writes the same file: make them agree, or name two files",
		}, nil},
		{"dead letters as messages", "handlers: {h: {noop: {}, dead_letter: true}, i: {noop: {}}}\ntopics: {x: {handler: h}, x_dlq: {handler: i}, y: {handler: i}, y_dlq: {handler: h}}", []string{
			"f:4:34: topics.x_dlq: is where dead letters of x go, as handlers.h.dead_letter says: leave it out here, or rename one of the topics",
		}, nil},
		{"no room for dead letters", "handlers: {h: {noop: {}, dead_letter: true}}\ntopics: {" + strings.Repeat("x", 246) + ": {handler: h}}", []string{
			"f:4:258: topics." + strings.Repeat("x", 246) + ": has no room for its dead letters: topic name \"xxxxxxxxxxxxxxxxxxxx\"… has 250 characters, Kafka allows 249",
		}, nil},
		{"a forward to itself", "handlers: {h: {forward: {topic: x}}}\ntopics: {x: {handler: h}}", []string{
			"f:3:25: handlers.h.forward: messages would go round in a circle: x → x: name another topic",
		}, nil},
		{"a forward to a level's topic of its own", "handlers: {h: {forward: {topic: x_7}}}\ntopics: {x: {handler: h}}", []string{
			"f:3:25: handlers.h.forward: messages would go round in a circle: x → x: name another topic",
		}, nil},
		{"forwards in a circle", "handlers: {h: {forward: {topic: y}}, i: {forward: {topic: x, route: true}}, j: {forward: {topic: x}}}\ntopics: {x: {handler: h}, y: {handler: i}, z: {handler: j}}", []string{
			"f:3:25: handlers.h.forward: messages would go round in a circle: x → y → x: name another topic",
			"f:3:51: handlers.i.forward: messages would go round in a circle: y → x → y: name another topic",
		}, nil},
		{"routes to its own levels", "handlers: {h: {forward: {route: true}}}\ntopics: {x: {handler: h}}", []string{
			"f:3:25: handlers.h.forward: messages would go round in a circle: x → x: name another topic, or let this instance read base topics alone, with kafka.only_levels: [base]",
		}, nil},
		{"routes to levels that others read", "handlers: {h: {forward: {route: true}}}\ntopics: {x: {handler: h}}\n" + kafka + "only_levels: [base]}", nil, nil},
		{"a forward that ends", "handlers: {h: {forward: {topic: y}}, i: {forward: {topic: z}}, j: {noop: {}}}\ntopics: {x: {handler: h}, y: {handler: i}, z: {handler: j}}", nil, nil},
		{"a forward to no topic", "handlers: {h: {forward: {topic: \"a b\"}}}\ntopics: {x: {handler: h}}", []string{
			"f:3:33: handlers.h.forward.topic: want the name of a topic: letters, digits, '.', '_' and '-', at most 249, and no __ at its beginning",
		}, nil},
		{"a long drain", "drain: 31s", nil, []string{
			"f:5:8: drain: 31s: a stop may take 46s with all that follows, and systemd kills after TimeoutStopSec, which is 45s in boostd's unit: raise that too",
		}},
		{"a drain that fits", "drain: 30s", nil, nil},
		{"explicit zeros", "handlers: {h: {sleep: {min: 1ms, max: 0s}, slots: 0, timeout: 0s, retry: {attempts: 0, backoff: 0s}}}\npolicy: {mode: \"\"}", []string{
			"f:4:39: handlers.h.sleep.max: 0s isn't possible: leave the key out for the default, 1ms",
			"f:4:51: handlers.h.slots: 0 isn't possible: leave the key out for the default, 16",
			"f:4:63: handlers.h.timeout: 0s isn't possible: leave the key out for the default, 30s",
			"f:4:85: handlers.h.retry.attempts: 0 isn't possible: leave the key out for the default, 5",
			"f:4:97: handlers.h.retry.backoff: 0s isn't possible: leave the key out for the default, 200ms",
			`f:5:16: policy.mode: "" isn't possible: leave the key out for the default, strict`,
		}, nil},
		{"a policy for nobody", "handlers: {h: {noop: {}, policy: {}}}\npolicy: {max_wait: 1s}", nil, []string{
			"f:5:9: policy: has no effect: each handler has a policy of its own",
		}},
		{"zeros that are none", "start_wait: 0s\ndrain: 0s\nhandlers: {h: {sleep: {min: 0s, max: 0s}, audit_required: false, audit: \"\"}}", nil, nil},
		{"socket's path", "control: /" + strings.Repeat("x", 100), []string{
			"f:5:10: control: /" + strings.Repeat("x", 100) + ": is 101 bytes long, and the path of a socket can have 100: name a shorter one, or off",
		}, nil},
		{"log", "log: {level: loud, rooms: {kafka: quiet}}", []string{
			`f:5:14: log.level: "loud": want trace, debug, info, warn or error`,
			`f:5:35: log.rooms.kafka: "quiet": want trace, debug, info, warn or error`,
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := least
			for line := range strings.SplitSeq(c.lines, "\n") {
				text = replacedIn(text, line)
			}
			d, f := parse("f", []byte(text), environment{}, nil, true)
			d.check(func() []error { return d.env.place().resolve(f) }, "")
			d.close()
			if got, want := d.problems.Error(), strings.Join(c.want, "\n"); got != want {
				t.Errorf("problems\n%s\nwant\n%s", got, want)
			}
			if got, want := d.warnings.Error(), strings.Join(c.warning, "\n"); got != want {
				t.Errorf("warnings\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// Properties that only the client knows are refused at their place too, all at
// once, and no client is left behind or connects.
func TestWhatTheClientRefuses(t *testing.T) {
	path := write(t, "boostd.yaml", `kafka:
  brokers: [127.0.0.1:1]
  group: g
  properties:
    sesion.timeout.ms: 6000
    session_timeout_ms: 6000
    fetch.wait.max.ms: soon
    check.crcs: perhaps
    no.such.thing: 1
    plugin.library.paths: /nonexistent.so
  producer_properties: {compresion.type: lz4, linger.ms: -1}
  levels:
    5: {properties: {max.poll.interval.ms: 100}}
    base: {properties: {debug: everything}}
settings: {source: file:settings.json}
topics: {orders: {handler: h}}
handlers: {h: {noop: {}}}
`)
	_, err := Read(path, Options{})
	want := strings.Join([]string{
		`5:24: kafka.properties.sesion.timeout.ms: the Kafka client has no such property, did you mean "session.timeout.ms"?`,
		`6:25: kafka.properties.session_timeout_ms: the Kafka client has no such property, did you mean "session.timeout.ms"?`,
		"7:24: kafka.properties.fetch.wait.max.ms: the Kafka client doesn't accept its value",
		`8:17: kafka.properties.check.crcs: the Kafka client says: Expected bool value for "check.crcs": true or false`,
		"9:20: kafka.properties.no.such.thing: the Kafka client has no such property",
		`11:42: kafka.producer_properties.compresion.type: the Kafka client has no such property, did you mean "compression.type"?`,
		`11:58: kafka.producer_properties.linger.ms: the Kafka client says: Configuration property "queue.buffering.max.ms" value -1 is outside allowed range 0..900000`,
		"13:44: kafka.levels.5.properties.max.poll.interval.ms: the Kafka client says: `max.poll.interval.ms`must be >= `session.timeout.ms`",
		"14:32: kafka.levels.base.properties.debug: the Kafka client doesn't accept its value",
	}, "\n")
	if got := strings.ReplaceAll(err.Error(), path+":", ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

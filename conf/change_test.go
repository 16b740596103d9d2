package conf

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// changeBase is what the table's files are made from.
const changeBase = `kafka: {brokers: [localhost:9092], group: g, properties: {fetch.wait.max.ms: "5"}}
settings: {source: "file:settings.json"}
topics: {orders: {handler: orders}, bills: {handler: bills}}
handlers:
  orders: {exec: [true]}
  bills: {http: "http://127.0.0.1:9/", slots: 8, policy: {reserve: {8: 2}}, retry: {final: [gone]}}
policy: {min_share: {0: 5, 3-5: 10}}
log: {rooms: {kafka: debug}}
`

func TestCompare(t *testing.T) {
	for name, c := range map[string]struct {
		from, to        string
		reload, restart string
	}{
		"nothing":                              {"", "", "", ""},
		"a default is written down":            {"orders: {exec: [true]}", "orders: {exec: [true], slots: 16, timeout: 30s, retry: {attempts: 5}}", "", ""},
		"slots":                                {"slots: 8", "slots: 9", "handlers.bills.slots", ""},
		"timeout and retry":                    {"orders: {exec: [true]}", "orders: {exec: [true], timeout: 1s, retry: {attempts: 2, backoff: 1s, max_backoff: 2s, final: [x], again: [y]}}", "handlers.orders.timeout handlers.orders.retry.attempts handlers.orders.retry.backoff handlers.orders.retry.max_backoff handlers.orders.retry.final handlers.orders.retry.again", ""},
		"a list of retry is emptied":           {"final: [gone]", "final: []", "handlers.bills.retry.final", ""},
		"batch":                                {"exec: [true]", "noop: {}, batch: {max: 9, wait: 1s}", "handlers.orders.batch.max handlers.orders.batch.wait", "handlers.orders.noop handlers.orders.exec"},
		"preemptible":                          {"slots: 8", "slots: 8, preemptible: true", "handlers.bills.preemptible", ""},
		"a handler's policy":                   {"{8: 2}", "{8: 3}", "handlers.bills.policy.reserve.8", ""},
		"a handler's policy goes":              {", policy: {reserve: {8: 2}}", "", "handlers.bills.policy", ""},
		"a handler's policy comes":             {"orders: {exec: [true]}", "orders: {exec: [true], policy: {max_wait: 1s}}", "handlers.orders.policy", ""},
		"the policy":                           {"{0: 5, 3-5: 10}", "{0: 6, 4: 1}", "policy.min_share.0 policy.min_share.3-5 policy.min_share.4", ""},
		"the policy's mode":                    {"policy: {min_share: {0: 5, 3-5: 10}}", "policy: {mode: exclusive}", "policy.mode policy.min_share.0 policy.min_share.3-5", ""},
		"log":                                  {"log: {rooms: {kafka: debug}}", "log: {level: warn, rooms: {probe: trace}}", "log.level log.rooms.kafka log.rooms.probe", ""},
		"drains":                               {"topics: {orders: {handler: orders}", "drain: 1s\ntopics: {orders: {handler: orders, drain: true}", "topics.orders.drain drain", ""},
		"refresh":                              {`settings.json"`, `settings.json", refresh: 1m`, "settings.refresh", ""},
		"producer":                             {"log:", "producer: {strict: true, embed_priority: true}\nlog:", "producer.embed_priority producer.strict", ""},
		"brokers and a handler's address":      {"localhost:9092", "other:9092", "", "kafka.brokers"},
		"a property":                           {`{fetch.wait.max.ms: "5"}`, "{linger.ms: 1}", "", "kafka.properties.fetch.wait.max.ms kafka.properties.linger.ms"},
		"another kind":                         {`exec: [true]`, "noop: {}", "", "handlers.orders.noop handlers.orders.exec"},
		"another address beside slots":         {`"http://127.0.0.1:9/", slots: 8`, `"http://127.0.0.1:8/", slots: 9`, "handlers.bills.slots", "handlers.bills.http"},
		"a kind with keys":                     {`exec: [true]`, "sleep: {min: 1s, max: 2s}", "", "handlers.orders.sleep handlers.orders.exec"},
		"a handler and a topic more":           {"orders: {handler: orders}", "orders: {handler: orders}, more: {handler: orders}", "", "topics.more"},
		"other handlers":                       {"{orders: {handler: orders}, bills: {handler: bills}}", "{orders: {handler: bills}, bills: {handler: orders}}", "", "topics.bills.handler topics.orders.handler"},
		"order and tenant":                     {"orders: {handler: orders}", "orders: {handler: orders, order: none, tenant: {header: h}}", "", "topics.orders.order topics.orders.tenant.header"},
		"a plugin's settings":                  {`http: "http://127.0.0.1:9/"`, "plugin: p, args: [x], settings: {password: canary}, process: {env: {A: b}, nice: 1, memory: 1GiB}", "", "handlers.bills.http handlers.bills.plugin handlers.bills.args handlers.bills.settings.password handlers.bills.process.env.A handlers.bills.process.nice handlers.bills.process.memory"},
		"plugins elsewhere":                    {"log:", "plugin_dir: plugins\nstart_wait: 1s\nlog:", "", "plugin_dir start_wait"},
		"dead letters and the audit":           {"slots: 8", "slots: 8, dead_letter: true, audit: a, audit_required: true", "", "handlers.bills.dead_letter handlers.bills.audit handlers.bills.audit_required"},
		"the gate":                             {"log:", "gate: off\nlog:", "", "gate.pausing"},
		"console, socket, start":               {"log:", "console: {listen: \"127.0.0.1:1\"}\ncontrol: /x\nstart_wait: 1s\nstate_dir: /y\nlog:", "", "control state_dir console.listen start_wait"},
		"a batch and how a service is reached": {"slots: 8", "slots: 8, batch: {max: 9}, http_options: {http2: true}", "handlers.bills.batch.max", "handlers.bills.http_options.http2"},
		"how a program is run":                 {"exec: [true]", "exec: [true], exec_options: {per_message: true}, process: {env: {A: b}, nice: 1, memory: 1GiB}", "", "handlers.orders.process.env.A handlers.orders.process.nice handlers.orders.process.memory handlers.orders.exec_options.per_message"},
		"forward":                              {"exec: [true]", "forward: {topic: t}", "", "handlers.orders.exec handlers.orders.forward"},
		"tracing":                              {"log:", "tracing: {endpoint: \"http://127.0.0.1:4318\", sample: 1}\nlog:", "", "tracing.endpoint tracing.sample"},
	} {
		next := strings.Replace(changeBase, c.from, c.to, 1)
		if next == changeBase && c.from != c.to {
			t.Errorf("%s: the base has no %q", name, c.from)
		}
		got := Compare(mustParse(t, changeBase), mustParse(t, next))
		if reload, restart := strings.Join(got.Reload, " "), strings.Join(got.Restart, " "); reload != c.reload || restart != c.restart {
			t.Errorf("%s: a reload for %s, a restart for %s;\nwant %s, and %s", name, reload, restart, c.reload, c.restart)
		}
		if err := got.Err(); (err != nil) != (c.restart != "") || err != nil && !strings.Contains(err.Error(), strings.ReplaceAll(c.restart, " ", ", ")+" need") {
			t.Errorf("%s: %v", name, err)
		}
		if got.None() != (c.reload+c.restart == "") {
			t.Errorf("%s: none %v", name, got.None())
		}
	}
}

func mustParse(t *testing.T, text string) *File {
	t.Helper()
	f, err := Parse("boostd.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// needRestart are all other keys of the file. Who adds a key puts it here, or into
// reloadable with what puts its change into force.
const needRestart = `control state_dir plugin_dir
	kafka.brokers kafka.group kafka.create_topics kafka.new_topics.replication_factor kafka.new_topics.config
	kafka.start kafka.assignor kafka.instance kafka.properties kafka.producer_properties kafka.only_levels kafka.levels.NAME.properties
	settings.source settings.s3.endpoint settings.s3.region settings.s3.profile settings.s3.path_style settings.https.token_file settings.https.ca_file
	topics.NAME.handler topics.NAME.order topics.NAME.tenant.header topics.NAME.tenant.field
	handlers.NAME.log handlers.NAME.noop handlers.NAME.sleep handlers.NAME.sleep.min handlers.NAME.sleep.max handlers.NAME.exec handlers.NAME.http
	handlers.NAME.forward.topic handlers.NAME.forward.route handlers.NAME.forward.transactions handlers.NAME.exec_options.per_message
	handlers.NAME.http_options.token_file handlers.NAME.http_options.ca_file handlers.NAME.http_options.cert_file
	handlers.NAME.http_options.key_file handlers.NAME.http_options.http2 handlers.NAME.http_options.later
	handlers.NAME.plugin handlers.NAME.args handlers.NAME.settings handlers.NAME.process.env handlers.NAME.process.nice handlers.NAME.process.memory
	handlers.NAME.dead_letter handlers.NAME.audit handlers.NAME.audit_required
	console.listen console.token_file console.produce
	tracing.endpoint tracing.sample tracing.token_file tracing.ca_file tracing.service tracing.keys
	start_wait gate.pausing gate.scope`

// TestEveryKeyIsKnownToReload: somebody has thought about each key.
func TestEveryKeyIsKnownToReload(t *testing.T) {
	known := map[string]bool{}
	for _, key := range append(strings.Fields(needRestart), reloadable...) {
		if known[key] {
			t.Errorf("%s is there twice", key)
		}
		known[key] = true
	}
	sections := []string{}
	everyKey(reflect.TypeFor[File](), "", func(path string) {
		sections = append(sections, path)
	})
	for _, path := range sections {
		section := slices.ContainsFunc(sections, func(o string) bool { return strings.HasPrefix(o, path+".") })
		if !section && !known[path] {
			t.Errorf("may %s change while boostd runs? Say so in reloadable, or here", path)
		}
		delete(known, path)
	}
	for path := range known {
		t.Errorf("there is no key %s", path)
	}
}

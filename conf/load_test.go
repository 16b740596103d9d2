package conf

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/logs"
	"github.com/kafkaboost/boostd/plugins"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/producer"
	"github.com/kafkaboost/boostd/tracing"
)

// least is the smallest file that is accepted.
const least = `kafka: {brokers: [localhost:9092], group: g}
settings: {source: file:settings.json}
topics: {orders: {handler: h}}
handlers: {h: {noop: {}}}
`

func TestDefaults(t *testing.T) {
	got, err := Parse("boostd.yaml", []byte(least))
	if err != nil {
		t.Fatal(err)
	}
	second := boostd.Duration(time.Second)
	want := &File{
		Kafka:    kafkaio.Config{Brokers: []string{"localhost:9092"}, Group: "g", CreateTopics: new(true), NewTopics: kafkaio.NewTopics{ReplicationFactor: kafkaio.BrokerDefault}, Start: "earliest", Assignor: "cooperative-sticky"},
		Settings: configwatch.Config{Source: "file:settings.json", Refresh: 10 * second},
		Topics:   map[string]Topic{"orders": {Handler: "h", Order: "key"}},
		Handlers: map[string]Handler{"h": {Config: plugins.Config{
			Noop: &plugins.NoopConfig{}, Slots: 16, Timeout: 30 * second, Batch: plugins.BatchConfig{Max: 1},
			Retry: plugins.RetryConfig{Attempts: 5, Backoff: second / 5, MaxBackoff: 30 * second},
		}}},
		Policy: Policy{Mode: "strict"}, StartWait: 5 * second, Drain: 20 * second, Gate: Gate{"on", "instance"}, PluginDir: "/usr/lib/boostd/plugins",
		Tracing: tracing.Config{Sample: "0.01", Service: "boostd"},
		Log:     logs.Config{Level: "info"}, Path: "boostd.yaml",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestEveryKey(t *testing.T) {
	t.Setenv("BOOSTD_TEST_GROUP", "secret: [x")
	got, err := Load("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	second := boostd.Duration(time.Second)
	one := plugins.BatchConfig{Max: 1}
	usual := plugins.RetryConfig{Attempts: 5, Backoff: second / 5, MaxBackoff: 30 * second}
	want := &File{
		Control: "testdata/boostd.sock", StateDir: "/var/lib/boostd", PluginDir: "plugins",
		Kafka: kafkaio.Config{
			Brokers: []string{"a:9092", "b:9092"}, Group: "secret: [x-workers", CreateTopics: new(false), Start: "latest", Assignor: "range", Instance: "worker_1.a-b",
			NewTopics:          kafkaio.NewTopics{ReplicationFactor: 3, Config: map[string]string{"min.insync.replicas": "2"}},
			Properties:         map[string]string{"security.protocol": "sasl_ssl", "sasl.mechanism": "PLAIN", "sasl.username": "u", "sasl.password": "secret: [x"},
			ProducerProperties: map[string]string{"compression.type": "zstd"},
			OnlyLevels: []kafkaio.Levels{
				{Ranges: []boostd.LevelRange{{From: 0, To: 0}}}, {Ranges: []boostd.LevelRange{{From: 8, To: 10}}}, {Base: true},
			},
			Levels: map[string]kafkaio.LevelConfig{
				"10": {Properties: map[string]string{"fetch.wait.max.ms": "5"}}, "base": {Properties: map[string]string{}},
			},
		},
		Settings: configwatch.Config{Source: "s3://my-bucket/users/user123/", Refresh: 60 * second,
			S3:    configwatch.S3Config{Endpoint: "https://s3.example.net", Region: "eu-west-1", Profile: "boostd", PathStyle: true},
			HTTPS: configwatch.HTTPSConfig{TokenFile: "settings-token", CAFile: "ca.pem"}},
		Topics: map[string]Topic{
			"My.Orders": {Handler: "orders", Order: "partition", Tenant: priority.Tenant{Header: "customer"}},
			"b":         {Handler: "pages", Order: "key", Tenant: priority.Tenant{Field: "customer.id"}}, "c": {Handler: "quiet", Order: "none", Drain: true}, "d": {Handler: "slow", Order: "key"}, "e": {Handler: "words", Order: "key"}, "f": {Handler: "copies", Order: "key"}, "g": {Handler: "own", Order: "key"},
		},
		Handlers: map[string]Handler{
			"orders": {Policy: &Policy{Mode: "exclusive", Reserve: map[string]int{"8": 4, "10": 2}}, Preemptible: true, Config: plugins.Config{Exec: []string{"cat", "-u"}, Slots: 64,
				ExecOptions: plugins.ExecOptions{PerMessage: true}, Process: plugins.ProcessConfig{Env: map[string]boostd.Secret{"TOKEN": "secret: [x"}, Limits: plugins.Limits{Nice: 5, Memory: 512 << 20}}, Timeout: 10 * second, Batch: plugins.BatchConfig{Max: 1}, DeadLetter: true, Audit: "audit.log", AuditRequired: true,
				Retry: plugins.RetryConfig{Attempts: 3, Backoff: second, MaxBackoff: 60 * second,
					Final: []string{"no such account"}, Again: []string{"answered 404"}}}},
			"quiet":  {Config: plugins.Config{Noop: &plugins.NoopConfig{}, Slots: 16, Timeout: 30 * second, Batch: one, Retry: usual}},
			"slow":   {Config: plugins.Config{Sleep: &plugins.SleepConfig{Min: second / 1000, Max: second / 200}, Slots: 16, Timeout: 30 * second, Batch: plugins.BatchConfig{Max: 100, Wait: second / 50}, Retry: usual}},
			"words":  {Config: plugins.Config{Log: &plugins.LogConfig{}, Slots: 16, Timeout: 30 * second, Batch: one, Retry: usual}},
			"copies": {Config: plugins.Config{Forward: &plugins.ForwardConfig{Topic: "archive", Route: true, Transactions: true}, Batch: one, Slots: 16, Timeout: 30 * second, Retry: usual}},
			"pages": {Config: plugins.Config{HTTP: "https://127.0.0.1:9000/handle", Batch: plugins.BatchConfig{Max: 64},
				HTTPOptions: plugins.HTTPOptions{TokenFile: "service-token", CAFile: "service-ca.pem", CertFile: "own.pem", KeyFile: "own.key", HTTP2: true}, Slots: 16, Timeout: 30 * second, Retry: usual}},
			"own": {Config: plugins.Config{Plugin: "orders", Args: []string{"--verbose"}, Slots: 16, Batch: one, Timeout: 30 * second, Retry: usual,
				Settings: map[string]boostd.Secret{"database": "orders", "password": "secret: [x", "limit": "10", "strict": "true"},
				Process:  plugins.ProcessConfig{Env: map[string]boostd.Secret{"TOKEN": "secret: [x"}, Limits: plugins.Limits{Nice: 5, Memory: 512 << 20}}}},
		},
		Console:  console.Config{Listen: "0.0.0.0:8484", TokenFile: "token", Produce: true},
		Producer: producer.Config{EmbedPriority: true, Strict: true},
		Tracing:  tracing.Config{Endpoint: "https://collector.example.net", Sample: "0.5", TokenFile: "token", CAFile: "ca.pem", Service: "orders", Keys: true},
		Log:      logs.Config{Level: "warn", Rooms: map[string]string{"kafka": "debug"}},
		Policy:   Policy{Mode: "strict", MaxWait: 30 * second, MinShare: map[string]int{"0": 5, "3-5": 10}, Reserve: map[string]int{"9": 1}}, Gate: Gate{"off", "instance"}, Path: "testdata/full.yaml",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestFullFileIsFull holds the test above to the structs: a new key belongs in it.
func TestFullFileIsFull(t *testing.T) {
	text, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(keysOf(reflect.TypeFor[File]()))) {
		if !strings.Contains(string(text), name+":") {
			t.Errorf("key %s isn't in testdata/full.yaml", name)
		}
	}
}

func keysOf(t reflect.Type) map[string]bool {
	keys := map[string]bool{}
	switch t.Kind() {
	case reflect.Map, reflect.Pointer, reflect.Slice:
		return keysOf(t.Elem())
	case reflect.Struct:
		for _, field := range reflect.VisibleFields(t) {
			if name := field.Tag.Get("yaml"); name != "" && name != "-" {
				keys[name] = true
				maps.Copy(keys, keysOf(field.Type))
			}
		}
	}
	return keys
}

func TestLoadRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, make([]byte, MaxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir + "/absent": ": can't be read: no such file or directory",
		dir:             ": can't be read: is a directory",
		large:           ": is larger than 1048576 bytes",
	} {
		_, err := Load(path)
		var problems Problems
		if !errors.As(err, &problems) || err.Error() != path+want {
			t.Errorf("error %v, want %s%s", err, path, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	full, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	f.Add([]byte(least))
	f.Add([]byte(least + "---\na: &a [*a, !t {? [x] : ${HOME}}]\n<<: *a\n"))
	f.Add([]byte("\xff\xfea\x00:\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("f", data)
		var problems Problems
		switch {
		case err == nil && file == nil, err != nil && file != nil:
			t.Fatalf("file %v beside error %v", file, err)
		case err != nil && (!errors.As(err, &problems) || len(problems) == 0):
			t.Fatalf("error %T isn't Problems", err)
		}
		for _, p := range problems {
			if p.File != "f" || p.Text == "" || p.Line < 0 || p.Column < 0 {
				t.Errorf("problem %+v", p)
			}
			if strings.ContainsFunc(p.String(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Errorf("%q isn't fit for a terminal", p)
			}
		}
	})
}

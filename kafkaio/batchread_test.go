//go:build linux && !pollread

package kafkaio

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/hashicorp/go-hclog"
)

// The client that go.mod names has its handle where it is looked for, and brings the
// library that this was tried with. When it fails with a newer client: read what
// DESIGN.md relies on in that one's source, and then change triedVersion.
func TestClientIsTheOneThatWasTried(t *testing.T) {
	client, err := kafka.NewConsumer(&kafka.ConfigMap{"group.id": "g"})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	r, err := newBatchReader(client)
	if err != nil {
		version, text := kafka.LibraryVersion()
		t.Fatalf("with librdkafka %s (%#x): %v", text, version, err)
	}
	in := intake{}
	if events, other := r.read(&in, limits{messages: 10, bytes: 1000}); events != 0 || other != nil || len(in.messages) != 0 {
		t.Errorf("a client without topics has %d events, %v", events, other)
	}
	r.close()
}

// Another client's handle isn't taken for one of this client.
func TestAHandleElsewhere(t *testing.T) {
	for name, client := range map[string]any{
		"no such field":   &struct{ client int }{},
		"no struct":       &struct{ handle int }{},
		"no such field 2": &struct{ handle struct{ ptr *int } }{},
		"another type":    &struct{ handle struct{ rk *int } }{handle: struct{ rk *int }{new(int)}},
		"a closed one":    &kafka.Consumer{},
	} {
		if handle, err := handleOf(client); err == nil {
			t.Errorf("%s: %p is its handle", name, handle)
		}
	}
}

// Where messages can't be read many at a time, they are read one by one, and that is
// said once in a process.
func TestReadingOneByOneIsSaidOnce(t *testing.T) {
	c := cluster(t, "a", 1)
	produce(t, c, "a", 10, []byte("v"))
	var log bytes.Buffer
	o := options(c, "a", wide)
	o.Logger = hclog.New(&hclog.LoggerOptions{Output: &log, Level: hclog.Warn})
	o.oneByOne = true
	for range 2 {
		r := openWithout(t, o, errors.New("because"))
		r.until(t, "all", func() bool { return len(r.got) == 10 })
		r.stop(t)
		o.Group += "2"
	}
	if n := strings.Count(log.String(), "one by one"); n != 1 || !strings.Contains(log.String(), "reason=because") {
		t.Errorf("it is said %d times:\n%s", n, &log)
	}
}

// openWithout opens a Source whose client can't be read from in another way than by Poll.
func openWithout(t *testing.T, o SourceOptions, reason error) *receiver {
	t.Helper()
	s, err := NewSource(o)
	if err != nil {
		t.Fatal(err)
	}
	s.o.oneByOne = false
	s.openReader(func(*kafka.Consumer) (*batchReader, error) { return nil, reason })
	r := &receiver{source: s, to: s, auto: true, got: map[string]int{}, change: make(chan struct{})}
	if err := s.Start(r.emit); err != nil {
		t.Fatal(err)
	}
	return r
}

// What batchread.h declares is what the library's own header has.
func TestDeclarations(t *testing.T) {
	module, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/confluentinc/confluent-kafka-go/v2").Output()
	if err != nil {
		t.Fatalf("find the client's source: %v", err)
	}
	header := filepath.Join(strings.TrimSpace(string(module)), "kafka/librdkafka_vendor/rdkafka.h")
	own, err := os.ReadFile("batchread.h")
	if err != nil {
		t.Fatal(err)
	}
	// With the library's header before it, ours declares the functions once more: a
	// difference is an error. Its types and numbers are compared under other names.
	types := string(own)
	types = types[strings.Index(types, "typedef struct rd_kafka_s"):strings.Index(types, "#endif")]
	check := fmt.Sprintf("#include %q\n#include \"batchread.h\"\n", header)
	numbers := ""
	for line := range strings.Lines(types) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "#define" {
			numbers += fmt.Sprintf("_Static_assert(%s == %s, \"\");\n", f[1], f[2])
		} else {
			check += strings.NewReplacer("rd_kafka_", "own_").Replace(line)
		}
	}
	check += numbers
	for name, fields := range map[string]string{
		"message_t":              "err rkt partition payload len key key_len offset",
		"topic_partition_t":      "topic partition offset err",
		"topic_partition_list_t": "cnt elems",
	} {
		check += fmt.Sprintf("_Static_assert(sizeof(rd_kafka_%s) == sizeof(own_%s), \"\");\n", name, name)
		for field := range strings.FieldsSeq(fields) {
			check += fmt.Sprintf("_Static_assert(offsetof(rd_kafka_%s, %s) == offsetof(own_%s, %s), \"\");\n", name, field, name, field)
			check += fmt.Sprintf("_Static_assert(sizeof(((rd_kafka_%s *)0)->%s) == sizeof(((own_%s *)0)->%s), \"\");\n", name, field, name, field)
		}
	}
	for _, name := range []string{"event_type_t", "resp_err_t", "timestamp_type_t"} {
		check += fmt.Sprintf("_Static_assert(sizeof(rd_kafka_%s) == sizeof(own_%s), \"\");\n", name, name)
	}
	compile := func(source string) error {
		cc := exec.CommandContext(t.Context(), "cc", "-fsyntax-only", "-I.", "-x", "c", "-")
		cc.Stdin = strings.NewReader(source)
		if said, err := cc.CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, said)
		}
		return nil
	}
	if err := compile(check); err != nil {
		t.Error(err)
	}
	// The check itself finds what is wrong.
	for _, wrong := range []string{
		"int rd_kafka_queue_poll(rd_kafka_queue_t *rkqu, int timeout_ms);\n",
		"_Static_assert(offsetof(rd_kafka_message_t, key) == offsetof(own_message_t, len), \"\");\n",
	} {
		if compile(check+wrong) == nil {
			t.Errorf("this compiles: %s", wrong)
		}
	}
}

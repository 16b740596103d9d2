package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/kafkaboost/boostd/test/rig"
)

// shown is a written message in one line: where it is, its key, value and headers.
func shown(s *rig.Setup, m *kafka.Message) string {
	headers := ""
	for _, h := range m.Headers {
		headers += fmt.Sprintf(" %s=%s", h.Key, h.Value)
	}
	return fmt.Sprintf("%s %s %s%s", strings.Replace(*m.TopicPartition.Topic, s.Base, "orders", 1), m.Key, m.Value, headers)
}

// written are the messages of the setup's topics, in a sorted order.
func written(t *testing.T, s *rig.Setup) (all []string) {
	t.Helper()
	topics := []string{s.Base}
	for n := s.Min; n <= s.Max; n++ {
		topics = append(topics, fmt.Sprintf("%s_%d", s.Base, n))
	}
	for _, m := range rig.Written(t, s.Config.Brokers, topics...) {
		all = append(all, shown(s, m))
	}
	slices.Sort(all)
	return all
}

// What `produce` sends is where its priority says, with the level in its header
// and the payload as it was.
func TestProduce(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 8})
		produce := func(code int, args ...string) *rig.Process {
			p := rig.Spawn(t, append([]string{"produce", s.Base, "-c", s.Path()}, args...)...)
			exits(t, p, p.Wait(rig.Patience), code)
			return p
		}
		s.WriteFile(t, "lines.txt", "plain\r\n\n"+`{"priority": 9, "a": "ä"}`+"\n"+`{"priority": 99}`+"\n"+`{"priority": "x"}`+"\nlast")
		says(t, produce(0, "--file", filepath.Join(s.Dir, "lines.txt")),
			"5 messages delivered", s.Base+"_9: 1", s.Base+"_10: 1", s.Base+": 3", "1 blank lines", "1 had a priority outside", "1 had a priority that is no whole number")
		produce(0, "one", `{"priority": 3}`, "--priority", "8", "--key", "k", "--header", "tenant=gold", "--header", "priority=1")
		s.WriteFile(t, "lines.json", `{"key": "j", "value": {"id":1}, "headers": [{"key": "h", "value_b64": "AAE="}], "priority": 10}`+"\n"+
			`{"value": "text"}`+"\n"+`{"valve": 1}`+"\n"+`{"value": null, "key": "gone"}`+"\n")
		says(t, produce(1, "--format", "json", "--file", filepath.Join(s.Dir, "lines.json")),
			`lines.json:3: message: unknown key "valve"`, "3 messages delivered", "1 of 4 messages were not delivered")
		produce(0, "--embed-priority", `{"e": 1}`, "--priority", "9")
		refused := produce(1, "--strict", "--priority", "11", "s")
		says(t, refused, "argument:1: ", "refused")
		want := []string{
			"orders  last priority=0", "orders  plain priority=0", "orders  text priority=0", `orders  {"priority": "x"} priority=0`,
			"orders gone  priority=0",
			"orders_10  " + `{"priority": 99} priority=10`, "orders_10 j " + `{"id":1} h=` + "\x00\x01 priority=10",
			`orders_8 k one tenant=gold priority=8`, `orders_8 k {"priority": 8} tenant=gold priority=8`,
			`orders_9  {"e": 1, "priority": 9} priority=9`, `orders_9  {"priority": 9, "a": "ä"} priority=9`,
		}
		slices.Sort(want)
		if got := written(t, s); !slices.Equal(got, want) {
			t.Errorf("written:\n%q\nwant:\n%q", got, want)
		}
	})
}

// Each line of --json says where its message is.
func TestProduceJSON(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 8})
		s.WriteFile(t, "in", "a\n"+`{"priority": 9}`+"\n")
		p := rig.Spawn(t, "produce", s.Base, "-c", s.Path(), "--json", "--file", filepath.Join(s.Dir, "in"))
		exits(t, p, p.Wait(rig.Patience), 0)
		got := map[string]string{}
		for line := range strings.Lines(p.Stdout()) {
			var d struct {
				Line     int
				Topic    string
				Offset   *int64
				Priority *int
				By       string
			}
			if err := json.Unmarshal([]byte(line), &d); err != nil || d.Offset == nil || d.Priority == nil {
				t.Fatalf("%s: %v", line, err)
			}
			got[fmt.Sprint(d.Line)] = fmt.Sprintf("%s %d %s", strings.Replace(d.Topic, s.Base, "orders", 1), *d.Priority, d.By)
		}
		if len(got) != 2 || got["1"] != "orders 0 default" || got["2"] != "orders_9 9 value" {
			t.Errorf("it prints %v", got)
		}
	})
}

// Keys go to the partitions of Java's and Python's clients. The hashes are those
// of Kafka's own tests of its murmur2.
func TestProducePartitionsByMurmur2(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 10, Partitions: 7})
		hashes := map[string]int32{
			"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "a-little-bit-longer-string": -1486304829,
			"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
		}
		var lines bytes.Buffer
		for key := range hashes {
			fmt.Fprintf(&lines, "{\"key\": %q, \"value\": \"v\"}\n", key)
		}
		s.WriteFile(t, "in", lines.String())
		p := rig.Spawn(t, "produce", s.Base, "-c", s.Path(), "--format", "json", "--file", filepath.Join(s.Dir, "in"))
		exits(t, p, p.Wait(rig.Patience), 0)
		all := rig.Written(t, s.Config.Brokers, s.Base)
		if len(all) != len(hashes) {
			t.Fatalf("%d messages are written, want %d", len(all), len(hashes))
		}
		for _, m := range all {
			if want := (hashes[string(m.Key)] & 0x7fffffff) % 7; m.TopicPartition.Partition != want {
				t.Errorf("key %s is in partition %d, want %d", m.Key, m.TopicPartition.Partition, want)
			}
		}
	})
}

// A topic that isn't there is named, with its lines, within five seconds; the
// others' messages arrive, and so with one that is too large.
func TestProduceErrors(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 9})
		missing := "missing-" + s.Base
		var lines strings.Builder
		for n := range 30 {
			topic := s.Base
			if n%10 == 4 {
				topic = missing
			}
			fmt.Fprintf(&lines, "{\"topic\": %q, \"value\": \"%d\"}\n", topic, n)
		}
		fmt.Fprintf(&lines, "{\"topic\": %q, \"value\": \"%s\"}\n", s.Base, strings.Repeat("x", 1_100_000))
		s.WriteFile(t, "in", lines.String())
		path := filepath.Join(s.Dir, "in")
		p := rig.Spawn(t, "produce", "-c", s.Path(), "--format", "json", "--file", path)
		exits(t, p, p.Wait(rig.Patience), 1)
		t.Logf("%s: ended after %v", c.Name, p.Took())
		if p.Took() > 5*time.Second {
			t.Errorf("it took %v, want at most 5 s", p.Took())
		}
		for _, line := range []int{5, 15, 25} {
			says(t, p, fmt.Sprintf("%s:%d: produce to %s: the topic doesn't exist", path, line, missing))
		}
		says(t, p, path+":31: produce to "+s.Base+": the message is too large", "27 messages delivered", "4 of 31 messages were not delivered")
	})
}

// Whole lines are sent though the next one isn't there yet, and an interrupt ends
// it with an account.
func TestProduceInterrupted(t *testing.T) {
	t.Parallel()
	s := rig.New(t, clusters[0], rig.Options{Min: 9})
	fifo := filepath.Join(s.Dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	p := rig.Spawn(t, "produce", s.Base, "-c", s.Path(), "--file", fifo)
	w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.WriteString("a\nb\nunfinished"); err != nil {
		t.Fatal(err)
	}
	rig.AwaitWritten(t, s.Config.Brokers, s.Base, 2)
	p.Signal(syscall.SIGINT)
	exits(t, p, p.Wait(rig.Patience), 1)
	says(t, p, "stopped by a signal: 2 messages were delivered")
}

// Brokers that don't answer are said at start, with the exit code for that.
func TestProduceWithoutBrokers(t *testing.T) {
	t.Parallel()
	s := rig.Plan(t, []string{freeAddress(t)}, rig.Options{Min: 9})
	p := rig.Spawn(t, "produce", s.Base, "v", "-c", s.Path())
	exits(t, p, p.Wait(rig.Patience), 69)
	if p.Took() > 10*time.Second {
		t.Errorf("it took %v, want at most 10 s", p.Took())
	}
}

// A broker of three dies in the middle and comes back: each message is there,
// and none twice.
func TestProduceWhileABrokerDies(t *testing.T) {
	t.Parallel()
	kafkatest.Require(t)
	const messages = 50_000
	cluster := kafkatest.New(t, kafkatest.Options{Nodes: 3, FastFailover: true})
	s := rig.Plan(t, cluster.Brokers(), rig.Options{Min: 10, Partitions: 3})
	s.Ensure(t)
	fifo := filepath.Join(s.Dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	p := rig.Spawn(t, "produce", s.Base, "-c", s.Path(), "--file", fifo)
	w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	feed := func(from, to int) {
		t.Helper()
		var b bytes.Buffer
		for n := from; n < to; n++ {
			fmt.Fprintf(&b, "{\"order_id\": %d}\n", n)
		}
		if _, err := w.Write(b.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	feed(0, messages/2)
	rig.AwaitWritten(t, s.Config.Brokers, s.Base, messages/10)
	if err := cluster.Node(0).Kill(); err != nil {
		t.Fatal(err)
	}
	feed(messages/2, messages)
	if err := cluster.Node(0).Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	exits(t, p, p.Wait(rig.Patience), 0)
	says(t, p, "50,000 messages delivered")
	rig.EachOnce(t, s.Config.Brokers, []string{s.Base}, messages)
}

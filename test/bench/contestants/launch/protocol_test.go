package launch

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/test/bench/task"
	"github.com/kafkaboost/boostd/test/rig"
)

// What each contestant is given here.
const (
	levels     = 3
	partitions = 2
	each       = 334 // messages of a partition
	keys       = 20
	total      = levels * partitions * each
	stampEvery = 10 // of the messages one has the header ProducedAt
	stamped    = levels * partitions * ((each + stampEvery - 1) / stampEvery)
)

// orders is the strictest order that a contestant keeps.
var orders = map[string]string{
	"boostd": "key", "bare": "partition", "bare-default": "partition", "franz": "partition", "hour": "none", "day": "none",
	"pool": "none", "hash": "key", "parallel": "key", "kafkaboost": "partition",
}

// Each contestant keeps to the protocol, handles every message once and in the order that
// is asked for, and commits what it has done.
func TestContestantsKeepToTheProtocol(t *testing.T) {
	s := rig.New(t, cluster, rig.Options{Min: 0, Max: levels - 1, Partitions: partitions})
	produce(t, s)
	for n, c := range Names() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			prepare(t, c.Name)
			if _, err := os.Stat(filepath.Join("../../../..", c.File)); err != nil {
				t.Error(err)
			}
			o := task.Task{
				Brokers: s.Config.Brokers, Base: s.Base, Lowest: 0, Highest: levels - 1, Partitions: partitions,
				Group: fmt.Sprintf("g-%s-%s", c.Name, s.Group), Slots: 16, WorkMax: 300, Order: orders[c.Name],
				Count: total, Trace: true, Dir: t.TempDir(),
			}
			profiles := t.TempDir()
			r := start(t, c.Name, o, "BENCH_PROFILE="+profiles)
			r.command(task.AskMark) // at any time
			r.await(task.Finished)
			r.command(task.AskMark)
			r.awaitMarks(2)
			end := task.AskStop
			if n%2 == 1 {
				end = "" // the end of the commands asks for the same
			}
			r.stop(end)
			checkEvents(t, r.events)
			checkHandled(t, s.Base, o.Order, r.events)
			checkCommitted(t, s, o.Group)
			if c.Name != "parallel" && c.Name != "kafkaboost" {
				checkProfile(t, filepath.Join(profiles, "cpu.pprof"))
				checkProfile(t, filepath.Join(profiles, "allocs.pprof"))
			}
		})
	}
}

// produce fills every partition with messages that KafkaBoost can read, whose keys follow
// from their offsets.
func produce(t *testing.T, s *rig.Setup) {
	t.Helper()
	p, err := kafka.NewProducer(&kafka.ConfigMap{"bootstrap.servers": strings.Join(s.Config.Brokers, ","), "enable.idempotence": true, "go.delivery.reports": false})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for level := range levels {
		topic := priority.DerivedTopic(s.Base, boostd.Level(level))
		for n := range partitions * each {
			offset := n / partitions
			m := &kafka.Message{
				TopicPartition: kafka.TopicPartition{Topic: &topic, Partition: int32(n % partitions)},
				Key:            keyOf(int64(offset)), Value: fmt.Appendf(nil, `{"priority": %d}`, level),
			}
			if offset%stampEvery == 0 {
				m.Headers = []kafka.Header{{Key: "other", Value: []byte("x")}, {Key: task.ProducedAt, Value: strconv.AppendInt(nil, time.Now().UnixNano(), 10)}}
			}
			if err := p.Produce(m, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if left := p.Flush(int(rig.Patience.Milliseconds())); left > 0 {
		t.Fatalf("%d messages are not produced", left)
	}
}

func keyOf(offset int64) []byte { return fmt.Append(nil, "key", offset%keys) }

// checkEvents compares what was said with the messages that there are.
func checkEvents(t *testing.T, events []task.Event) {
	t.Helper()
	count := map[string]int{}
	at := map[string]int64{}
	var marks []task.Event
	for _, e := range events {
		count[e.Event]++
		at[e.Event] = e.At
		if e.Event == task.Mark {
			marks = append(marks, e)
		}
	}
	if count[task.Polling] != 1 || count[task.First] != 1 || count[task.Finished] != 1 || count[task.Mark] != 2 {
		t.Fatalf("the events are %v", count)
	}
	if at[task.Polling] > at[task.First] || at[task.First] > at[task.Finished] {
		t.Errorf("polling at %d, first at %d, finished at %d", at[task.Polling], at[task.First], at[task.Finished])
	}
	waits := 0
	for _, m := range marks {
		waits += len(m.Waits)
		sum := int64(0)
		for _, n := range m.Started {
			sum += n
		}
		if len(m.Started) != levels || m.Done > sum {
			t.Errorf("a mark has %v started and %d done", m.Started, m.Done)
		}
		for _, w := range m.Waits {
			if w <= 0 || w > int64(10*time.Minute) {
				t.Errorf("a message waited %v", time.Duration(w))
			}
		}
	}
	if waits != stamped {
		t.Errorf("%d waits, want %d", waits, stamped)
	}
	if last := marks[1]; last.Done != total || slices.ContainsFunc(last.Started, func(n int64) bool { return n != partitions*each }) {
		t.Errorf("at the end %v are started and %d done, want %d of each level", last.Started, last.Done, partitions*each)
	}
}

// checkHandled looks for each message once, and for the order.
func checkHandled(t *testing.T, base, order string, events []task.Event) {
	t.Helper()
	seen := map[string]int{}
	before := map[string]int64{}
	for _, e := range events {
		if e.Event != task.Handled {
			continue
		}
		if e.At == 0 || !strings.HasPrefix(e.Topic, base+"_") || int(e.Partition) >= partitions || e.Offset >= each {
			t.Fatalf("handled %+v", e)
		}
		seen[fmt.Sprint(e.Topic, e.Partition, e.Offset)]++
		lane := fmt.Sprint(e.Topic, e.Partition)
		if order == "key" {
			lane += string(keyOf(e.Offset))
		}
		if last, ok := before[lane]; order != "none" && ok && e.Offset <= last {
			t.Errorf("%s: offset %d began behind %d", lane, e.Offset, last)
		}
		before[lane] = e.Offset
	}
	for place, n := range seen {
		if n != 1 {
			t.Errorf("%s was handled %d times", place, n)
		}
	}
	if len(seen) != total {
		t.Errorf("%d messages were handled, want %d", len(seen), total)
	}
}

// checkCommitted looks at the groups that a contestant may have.
func checkCommitted(t *testing.T, s *rig.Setup, group string) {
	t.Helper()
	admin, sum := s.Admin(t), int64(0)
	groups := []string{group}
	for level := range levels {
		groups = append(groups, priority.LevelGroup(group, boostd.Level(level)))
	}
	for _, g := range groups {
		offsets, err := admin.Committed(t.Context(), g)
		if err != nil {
			t.Fatal(err)
		}
		for _, offset := range offsets {
			sum += offset
		}
	}
	if sum != total {
		t.Errorf("%d messages are committed, want %d", sum, total)
	}
}

// checkProfile looks whether the file is a profile: they are compressed.
func checkProfile(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if n, err := io.Copy(io.Discard, z); err != nil || n == 0 {
		t.Errorf("%s: %d bytes, %v", path, n, err)
	}
}

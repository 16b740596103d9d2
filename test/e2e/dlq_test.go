package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/deadletter"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/test/rig"
)

// buried is a setup whose dead-letter topic has letters in partition 1, which a
// daemon could have written.
type buried struct {
	*rig.Setup
	t       *testing.T
	letters string // the topic
}

func bury(t *testing.T, c *rig.Cluster) *buried {
	t.Helper()
	s := rig.New(t, c, rig.Options{Min: 9, Handler: "noop: {}, dead_letter: true"})
	b := &buried{s, t, s.Base + "_dlq"}
	topics(t, s, 0, "ensure")
	return b
}

// put writes records into partition 1 and waits for their acknowledgement.
func (b *buried) put(records ...kafkaio.Record) {
	b.t.Helper()
	p, err := kafkaio.NewProducer(b.Config, hclog.NewNullLogger())
	if err != nil {
		b.t.Fatal(err)
	}
	defer p.Close()
	ctx, cancel := context.WithTimeout(b.t.Context(), rig.Patience)
	defer cancel()
	for _, r := range records {
		r.Topic, r.Partition = b.letters, 1
		err := p.Produce(ctx, r, kafkaio.AckFunc(func(_ int32, _ int64, err error) {
			if err != nil {
				b.t.Errorf("put: %v", err)
			}
		}))
		if err != nil {
			b.t.Fatal(err)
		}
	}
	if err := p.Flush(ctx); err != nil {
		b.t.Fatal(err)
	}
}

// letter is that of a message of level 9, with a value as rig.EachOnce wants it.
func (b *buried) letter(n int, reason string, died time.Time, headers ...boostd.Header) kafkaio.Record {
	k, v, h := deadletter.Record(&boostd.Message{Topic: b.Topic(9), Partition: int32(n % b.Partitions), Offset: int64(n), Level: 9,
		Key: fmt.Append(nil, "k", n%7), Value: fmt.Appendf(nil, `{"order_id": %d}`, n), Headers: headers},
		deadletter.Death{Reason: reason, Attempts: 5, Handler: "work", FirstFailed: died.Add(-time.Minute), LastFailed: died})
	return kafkaio.Record{Key: k, Value: v, Headers: h}
}

// many are n letters.
func (b *buried) many(n int) {
	b.t.Helper()
	records := make([]kafkaio.Record, n)
	for i := range records {
		records[i] = b.letter(i, "timeout", time.Now())
	}
	b.put(records...)
}

// dlq runs `boostd dlq` to its end.
func (b *buried) dlq(code int, args ...string) *rig.Process {
	b.t.Helper()
	p, got := rig.Boostd(b.t, append(append([]string{"dlq"}, args...), "-c", b.Path())...)
	exits(b.t, p, got, code)
	return p
}

// listed are the values of the letters that `dlq list` finds.
func (b *buried) listed(args ...string) (values []string) {
	b.t.Helper()
	for line := range strings.Lines(b.dlq(0, append([]string{"list", "--json"}, args...)...).Stdout()) {
		var l struct{ Value string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			b.t.Fatalf("%v in %s", err, line)
		}
		values = append(values, l.Value)
	}
	return values
}

// back counts how often each message is in the topic of level 9, by its value.
func (b *buried) back() map[string]int {
	b.t.Helper()
	counts := map[string]int{}
	rig.EachWritten(b.t, b.Config.Brokers, []string{b.Topic(9)}, func(m *kafka.Message) { counts[string(m.Value)]++ })
	return counts
}

// The topic plan has dead letters' topics, and so has a daemon's start. Unless
// kafka.new_topics says otherwise nothing in them goes by itself.
func TestDeadLetterTopics(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 9, Partitions: 4, Handler: "noop: {}, dead_letter: true"})
		letters := s.Base + "_dlq"
		says(t, topics(t, s, 1, "plan"), letters, "1 of 4 topics are not as the settings ask")
		_, stop := s.Start(t)
		if have := partitions(t, s); have[letters] != 4 {
			t.Errorf("a daemon's start gives %s %d partitions, want its base topic's 4", letters, have[letters])
		}
		stop()
		topics(t, s, 0, "plan")
		says(t, topics(t, s, 0, "list", s.Base), letters, "dead letters")
		admin, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": strings.Join(s.Config.Brokers, ",")})
		if err != nil {
			t.Fatal(err)
		}
		defer admin.Close()
		answer, err := admin.DescribeConfigs(t.Context(), []kafka.ConfigResource{{Type: kafka.ResourceTopic, Name: letters}})
		if err != nil {
			t.Fatal(err)
		}
		if config := answer[0].Config; config["retention.ms"].Value != "-1" || config["cleanup.policy"].Value != "delete" {
			t.Errorf("its configuration is %v", config)
		}
		s.Handler = "noop: {}, dead_letter: true}\n  next: {noop: {}"
		s.WriteConfig(t)
		p, code := rig.Boostd(t, "config", "validate", "-c", s.Path(), "--set", "topics."+letters+".handler=next")
		exits(t, p, code, 78)
		says(t, p, "is where dead letters of "+s.Base+" go")
	})
}

// Letters are found by their filters, shown, sent back, and purged.
func TestDLQ(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		b := bury(t, c)
		now := time.Now()
		b.put(
			b.letter(0, "timeout: no answer in 5s", now.Add(-3*time.Hour)),
			b.letter(1, "timeout: no answer in 7s", now.Add(-time.Minute), boostd.Header{Key: "tenant", Value: []byte("gold")}),
			kafkaio.Record{Value: []byte("stranger"), Headers: []boostd.Header{{Key: "from", Value: []byte("afar")}}},
			b.letter(2, "no stock\x1b[2J", now.Add(-time.Minute)),
			b.letter(3, "timeout: again", now, boostd.Header{Key: "boostd_dlq_replays", Value: []byte("3")}),
		)
		order := func(n int) string { return fmt.Sprintf(`{"order_id": %d}`, n) }
		for args, want := range map[string][]string{
			"":                                    {order(0), order(1), "stranger", order(2), order(3)},
			"--reason timeout":                    {order(0), order(1), order(3)},
			"--reason *in?7s":                     {order(1)},
			"--older 1h":                          {order(0)},
			"--newer 1h":                          {order(1), "stranger", order(2), order(3)},
			"--key k2":                            {order(2)},
			"--level 9 --limit 2":                 {order(0), order(1)},
			"--level 3":                           nil,
			"--origin " + b.Topic(9) + "/2@2":     {order(2)},
			b.Base + " --newer 1h --reason stock": {order(2)},
			b.letters + "/1@2":                    {"stranger"},
		} {
			if got := b.listed(strings.Fields(args)...); !slices.Equal(got, want) {
				t.Errorf("list %s finds %q, want %q", args, got, want)
			}
		}
		table := b.dlq(0, "list", b.letters)
		says(t, table, b.letters+"/1@1", b.Topic(9)+"/1@1", `"timeout: no answer in 7s"`, `"k1"`, "unknown", "5 of 5 open letters")
		if table.Says("\x1b") || table.Says("order_id") {
			t.Error("the table has a control character, or a value")
		}
		says(t, b.dlq(0, "list", "--reasons"), "LETTERS", `"timeout: again"`)
		says(t, b.dlq(0, "show", b.letters+"/1@1"), "open", "tenant", "gold", order(1), "no answer in 7s", b.Topic(9)+"/1@1")
		b.dlq(64, "show", "orders")
		b.dlq(1, "show", b.letters+"/1@99")
		b.dlq(1, "list", "absent")
		b.dlq(64, "replay")

		says(t, b.dlq(0, "replay", "--dry-run"), "3 letters would be replayed", "to "+b.Topic(9)+": 3", "1 letter not replayed: --max-replays is reached", "nothing says where it came from")
		if len(b.back()) > 0 {
			t.Error("a dry run has sent something")
		}
		b.dlq(1, "replay", "--yes", b.letters+"/1@2")
		says(t, b.dlq(0, "replay", "--yes", "--older", "1h"), "1 letter replayed")
		says(t, b.dlq(0, "replay", "--yes"), "2 letters replayed")
		says(t, b.dlq(0, "replay", "--yes"), "0 letters replayed")
		if got := fmt.Sprint(b.back()); got != fmt.Sprint(map[string]int{order(0): 1, order(1): 1, order(2): 1}) {
			t.Errorf("sent back are %s", got)
		}
		for _, m := range rig.Written(t, b.Config.Brokers, b.Topic(9)) {
			var n int
			_, _ = fmt.Sscanf(string(m.Value), `{"order_id": %d}`, &n)
			if last := m.Headers[len(m.Headers)-1]; last.Key != "boostd_dlq_replays" || string(last.Value) != "1" || int(m.TopicPartition.Partition) != n || string(m.Key) != fmt.Sprint("k", n) {
				t.Errorf("%s went to partition %d with key %s and headers %v", m.Value, m.TopicPartition.Partition, m.Key, m.Headers)
			}
		}
		says(t, b.dlq(0, "show", b.letters+"/1@1"), "replayed")
		if got := b.listed(); !slices.Equal(got, []string{"stranger", order(3)}) {
			t.Errorf("left are %q", got)
		}
		b.dlq(1, "replay", "--yes", b.letters+"/1@0")
		says(t, b.dlq(0, "replay", "--yes", "--max-replays", "4"), "1 letter replayed")

		b.put(b.letter(4, "late", now))
		says(t, b.dlq(0, "purge", "--reason", "late", "--yes", "--keep-records"), "1 letter purged")
		says(t, b.dlq(0, "purge", "--resolved"), "0 letters purged", "2 records deleted")
		b.dlq(64, "purge", "--resolved", "--dry-run")
		says(t, b.dlq(0, "purge", "--yes"), "1 letter purged")
		if got := b.listed(); len(got) > 0 {
			t.Errorf("after the purge there are %q", got)
		}
		if left := rig.Written(t, b.Config.Brokers, b.letters); len(left) > 0 {
			t.Errorf("after the purge the topic has %d records", len(left))
		}
	})
}

// What list prints, produce sends: the same messages, as new ones.
func TestDLQListIntoProduce(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		b := bury(t, c)
		bytes := b.letter(1, "r", time.Now(), boostd.Header{Key: "raw", Value: []byte{0xff}}, boostd.Header{Key: "none"})
		bytes.Value = []byte{0, 0xff}
		b.put(b.letter(0, "r", time.Now(), boostd.Header{Key: "h", Value: []byte("<ä>")}), bytes, b.letter(2, "r", time.Now()))
		b.WriteFile(t, "lines", b.dlq(0, "list", "--json").Stdout())
		p, code := rig.Boostd(t, "produce", "--format", "json", "-c", b.Path(), "--file", filepath.Join(b.Dir, "lines"))
		exits(t, p, code, 0)
		got := map[string]string{}
		for _, m := range rig.Written(t, b.Config.Brokers, b.Topic(9)) {
			got[fmt.Sprintf("%s %q", m.Key, m.Value)] = fmt.Sprint(m.Headers)
		}
		want := map[string]string{
			`k0 "{\"order_id\": 0}"`: `[h="<ä>" priority="9"]`, `k1 "\x00\xff"`: `[raw="\xff" none=nil priority="9"]`, `k2 "{\"order_id\": 2}"`: `[priority="9"]`}
		if !maps.Equal(got, want) {
			t.Errorf("there are %v, want %v", got, want)
		}
	})
}

// What a handler gives up comes into the topic as it was, and is handled once it
// is sent back to a handler that is mended. What dies each time is not sent back
// for ever.
func TestDLQOfADaemon(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		var mended atomic.Bool
		svc := serve(t, func(w http.ResponseWriter, _ *http.Request, got request) {
			if string(got.body) == "cursed" || !mended.Load() {
				http.Error(w, "no such order", http.StatusNotFound)
			}
		})
		s := rig.New(t, c, rig.Options{Min: 9, Handler: `http: "` + svc.URL + `", dead_letter: true`})
		b := &buried{s, t, s.Base + "_dlq"}
		p, err := kafkaio.NewProducer(s.Config, hclog.NewNullLogger())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		headers := []boostd.Header{{Key: "raw", Value: []byte{0xff, 0}}, {Key: "raw", Value: nil}}
		for _, value := range []string{"bad", "cursed"} {
			if err := p.Produce(t.Context(), kafkaio.Record{Topic: s.Topic(9), Partition: 2, Key: []byte{0xfe}, Value: []byte(value), Headers: headers}, nil); err != nil {
				t.Fatal(err)
			}
		}
		_, stop := s.Start(t)
		rig.Eventually(t, "both are seen", func() bool { return svc.count() >= 2 })
		rig.Eventually(t, "both are given up", func() bool { return s.Done(t) == 2 })
		says(t, b.dlq(0, "list", "--level", "9", "--origin", s.Topic(9)+"/2", "--reasons"), "no such order")
		if got := b.listed(); !slices.Equal(got, []string{"bad", "cursed"}) {
			t.Errorf("the letters are %q", got)
		}
		mended.Store(true)
		for round, want := range []string{"2 letters replayed", "1 letter replayed", "1 letter replayed"} {
			says(t, b.dlq(0, "replay", "--yes"), want)
			rig.Eventually(t, "what was sent back is finished", func() bool { return s.Done(t) == int64(4+round) })
		}
		says(t, b.dlq(0, "replay", "--yes"), "0 letters replayed", "--max-replays is reached")
		stop()
		for n, m := range rig.Written(t, s.Config.Brokers, s.Topic(9)) {
			want := `[raw="\xff\x00" raw=nil]`
			if n >= 2 {
				want = fmt.Sprintf(`[raw="\xff\x00" raw=nil boostd_dlq_replays="%d"]`, max(1, n-2))
			}
			if got := fmt.Sprint(m.Headers); got != want || string(m.Key) != "\xfe" || m.TopicPartition.Partition != 2 {
				t.Errorf("message %d has key %q and headers %s, want %s", n, m.Key, got, want)
			}
		}
	})
}

// deadLetterPermissions goes through what a user needs who may read the setup's
// topics and nothing else: each command names what is missing.
func deadLetterPermissions(t *testing.T, brokers []string, s *rig.Setup, user string) {
	t.Helper()
	s.Handler = "noop: {}, dead_letter: true"
	s.WriteConfig(t)
	plain := *s
	plain.Config = kafkaio.Config{Brokers: brokers}
	b := &buried{&plain, t, s.Base + "_dlq"}
	ensure(t, plain.Config, b.letters)
	b.put(b.letter(0, "timeout", time.Now()))
	admin, err := kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": strings.Join(brokers, ",")})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	allow := func(operation kafka.ACLOperation) {
		if _, err := admin.CreateACLs(t.Context(), kafka.ACLBindings{{Type: kafka.ResourceTopic, Name: b.letters, ResourcePatternType: kafka.ResourcePatternTypeLiteral,
			Principal: "User:" + user, Host: "*", Operation: operation, PermissionType: kafka.ACLPermissionTypeAllow}}); err != nil {
			t.Fatal(err)
		}
	}
	missing := "topic " + b.letters + ` may not be written by user "` + user + `", so that messages are held instead of going there: allow it WRITE on the topic`
	if got := check(t, s, 1); len(got.Problems) != 1 || got.Problems[0] != missing {
		t.Errorf("got %q\nwant %q", got.Problems, missing)
	}
	says(t, b.dlq(1, "list", s.Base), "there is no topic "+b.letters, "allow Describe")
	allow(kafka.ACLOperationDescribe)
	says(t, b.dlq(1, "list"), "no permission", "allow Read on the topic")
	allow(kafka.ACLOperationRead)
	says(t, b.dlq(0, "list"), "1 of 1 open letters")
	says(t, b.dlq(1, "replay", "--yes"), "grant Write on the topic", "1 letter failed, and stay")
	says(t, b.dlq(1, "purge", "--yes"), "grant Write on the topic")
	allow(kafka.ACLOperationWrite)
	check(t, s, 0)
	says(t, b.dlq(0, "purge", "--yes"), "1 letter purged", "note: ", "allow Delete on the topic")
	allow(kafka.ACLOperationDelete)
	says(t, b.dlq(0, "purge", "--yes"), "2 records deleted")
}

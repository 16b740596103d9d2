package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/test/rig"
)

// forwarded is a message where it was written to.
type forwarded struct {
	origin     boostd.Coordinates
	key, value string
	header     map[string]string
	partition  int32
}

// readForwarded reads topics, with the origin of each message.
func readForwarded(t *testing.T, s *rig.Setup, topics ...string) (all map[string][]forwarded) {
	t.Helper()
	all = map[string][]forwarded{}
	rig.EachWritten(t, s.Config.Brokers, topics, func(m *kafka.Message) {
		f := forwarded{key: string(m.Key), value: string(m.Value), header: map[string]string{}, partition: m.TopicPartition.Partition}
		for _, h := range m.Headers {
			f.header[h.Key] = string(h.Value)
		}
		var err error
		if f.origin, err = boostd.ParseCoordinates(f.header["boostd_origin"]); err != nil {
			t.Errorf("boostd_origin: %v", err)
		}
		all[*m.TopicPartition.Topic] = append(all[*m.TopicPartition.Topic], f)
	})
	return all
}

// inOrderOfKeys checks that what came from one partition with one key stands in its
// order, and counts how often each message is there.
func inOrderOfKeys(t *testing.T, all []forwarded) map[boostd.Coordinates]int {
	t.Helper()
	last, times := map[string]int64{}, map[boostd.Coordinates]int{}
	for _, f := range all {
		lane := fmt.Sprintf("%s %s", f.origin.TopicPartition, f.key)
		if before, ok := last[lane]; ok && f.origin.Offset < before && times[f.origin] == 0 {
			t.Errorf("%s: offset %d stands behind %d", lane, f.origin.Offset, before)
		}
		last[lane] = max(last[lane], f.origin.Offset)
		times[f.origin]++
	}
	return times
}

// Every message is in the other topic once, as it was, with where it came from, and
// those of a key in their order.
func TestForward(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 10, Handler: "noop: {}"})
		archive := s.Base + "-archive"
		s.EnsureTopics(t, archive)
		s.Handler = "forward: {topic: " + archive + "}, slots: 4"
		s.WriteConfig(t)
		load := s.Load(t)
		const messages = 2000
		for n := range messages {
			load.Send(rig.Message{Level: boostd.Level(n % 2 * 10), Key: fmt.Append(nil, n%23), Value: fmt.Append(nil, "value ", n),
				Headers: []boostd.Header{{Key: "trace", Value: fmt.Append(nil, n)}}})
		}
		load.Flush()
		_, stop := s.Start(t)
		load.AwaitHandled()
		stop()
		clean(t, load)
		all := readForwarded(t, s, archive)[archive]
		times := inOrderOfKeys(t, all)
		if len(all) != messages || len(times) != messages {
			t.Errorf("%d messages of %d are written, %d in all", len(times), messages, len(all))
		}
		for _, f := range all {
			if f.value != "value "+f.header["trace"] || f.origin.Topic != s.Base && f.origin.Topic != s.Topic(10) {
				t.Errorf("written is %+v", f)
			}
		}
	})
}

// Whoever writes to one topic without a thought of priorities has the messages go to
// the topics of their levels, by the settings, and they are handled there.
func TestForwardRoutes(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 8, Handler: "noop: {}", Other: "noop: {}"})
		s.Handler = "forward: {topic: " + s.OtherBase + ", route: true}"
		s.WriteConfig(t)
		load := s.Load(t)
		const messages = 900
		for n := range messages {
			load.Send(rig.Message{Topic: s.Base, Key: fmt.Append(nil, n%7), Value: fmt.Appendf(nil, `{"n": %d, "priority": %d}`, n, n%11)})
		}
		load.Flush()
		_, stop := s.Start(t)
		load.AwaitHandled()
		rig.Eventually(t, "all are handled where they went", func() bool {
			done := 0
			for _, r := range s.Audit(t) {
				if r.Handler == "other" && r.Result == boostd.Done {
					done++
				}
			}
			return done == messages
		})
		stop()
		var topics []string
		for level := range 11 {
			if topic := other(s, level); level < 8 && len(topics) == 0 || level >= 8 {
				topics = append(topics, topic)
			}
		}
		count := 0
		for topic, all := range readForwarded(t, s, topics...) {
			for _, f := range all {
				count++
				var value struct{ Priority int }
				if err := json.Unmarshal([]byte(f.value), &value); err != nil {
					t.Fatal(err)
				}
				if topic != other(s, value.Priority) || f.header["priority"] != fmt.Sprint(value.Priority) || f.origin.Topic != s.Base {
					t.Errorf("in %s is %+v", topic, f)
				}
			}
			inOrderOfKeysAndLevels(t, all)
		}
		if count != messages {
			t.Errorf("%d messages are written, want %d", count, messages)
		}
	})
}

// inOrderOfKeysAndLevels is inOrderOfKeys of a topic that has several levels: those of
// one level keep their order.
func inOrderOfKeysAndLevels(t *testing.T, all []forwarded) {
	t.Helper()
	levels := map[string][]forwarded{}
	for _, f := range all {
		levels[f.header["priority"]] = append(levels[f.header["priority"]], f)
	}
	for _, of := range levels {
		inOrderOfKeys(t, of)
	}
}

func other(s *rig.Setup, level int) string {
	if level < 8 {
		return s.OtherBase
	}
	return fmt.Sprintf("%s_%d", s.OtherBase, level)
}

// A broker that goes away and comes back costs time: nothing is lost, and what may be
// written twice is what nobody had confirmed.
func TestForwardOverABrokerThatComesBack(t *testing.T) {
	onMortals(t, func(t *testing.T, b mortal) {
		const messages = 3000
		s := rig.Plan(t, []string{b.address}, rig.Options{Min: 10, Handler: "noop: {}",
			Kafka: `  properties: {session.timeout.ms: "30000"}`})
		archive := s.Base + "-archive"
		s.Ensure(t)
		s.EnsureTopics(t, archive)
		s.Handler = "forward: {topic: " + archive + "}, slots: 2, timeout: 5s, retry: {attempts: 100, max_backoff: 500ms}"
		s.WriteConfig(t)
		load := s.Load(t)
		for n := range messages {
			load.Send(rig.Message{Level: 10, Key: fmt.Append(nil, n%5), Value: fmt.Append(nil, n)}) // few keys: it takes a while
		}
		load.Flush()
		p := s.Spawn(t)
		lines := rig.DoneLines{Path: s.AuditPath()}
		rig.Eventually(t, "a part is done", func() bool { return lines.Count() > messages/10 })
		b.kill()
		b.revive()
		load.AwaitHandled()
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
		all := readForwarded(t, s, archive)[archive]
		if times := inOrderOfKeys(t, all); len(times) != messages {
			t.Errorf("%d messages of %d are written", len(times), messages)
		} else {
			t.Logf("%d of %d are written twice", len(all)-messages, messages)
		}
	})
}

// Batches go to a service that wants a token, whose file stands beside boostd.yaml.
func TestHTTPBatches(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		var requests, most, failed atomic.Int64
		svc := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var all []struct{ ID, Attempt int }
			if err := json.NewDecoder(r.Body).Decode(&all); err != nil || r.Header.Get("Authorization") != "Bearer canary" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			requests.Add(1)
			most.Store(max(most.Load(), int64(len(all))))
			var answers []string
			for _, m := range all {
				result := "done"
				if m.Attempt == 1 && failed.Add(1)%9 == 0 {
					result = "retry"
				}
				answers = append(answers, fmt.Sprintf(`{"id":%d,"result":%q}`, m.ID, result))
			}
			io.WriteString(w, "["+strings.Join(answers, ",")+"]")
		}))
		t.Cleanup(svc.Close)
		s := rig.New(t, c, rig.Options{Min: 10, Handler: `http: "` + svc.URL + `", http_options: {token_file: token}, batch: {max: 64}, retry: {backoff: 20ms}, slots: 4`})
		s.WriteFile(t, "token", "canary\n")
		load := s.Load(t)
		load.Fill(10, 1500, 100)
		load.Fill(0, 1500, 100)
		_, stop := s.Start(t)
		load.AwaitHandled()
		stop()
		clean(t, load)
		if most.Load() < 2 || most.Load() > 64 {
			t.Errorf("%d requests for 3000 messages, of at most %d", requests.Load(), most.Load())
		}
	})
}

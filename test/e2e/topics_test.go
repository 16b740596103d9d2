package e2e

import (
	"context"
	"strconv"
	"testing"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/test/rig"
)

// Missing topics are created as the settings ask, and work at once.
func TestTopicsAreCreated(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.Plan(t, c.Brokers(t), rig.Options{Min: 9, Partitions: 5})
		_, stop := s.Start(t)
		load := s.Load(t)
		load.Fill(0, 20, 100)
		load.Fill(9, 20, 100)
		load.Fill(10, 20, 100)
		load.AwaitHandled()
		stop()
		clean(t, load)
		ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
		defer cancel()
		have, err := s.Admin(t).Topics(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if have[s.Base] < 1 || have[s.Topic(9)] != 5 || have[s.Topic(10)] != 5 {
			t.Errorf("base topic and levels 9 and 10 have %d, %d and %d partitions; want the broker's default, 5 and 5",
				have[s.Base], have[s.Topic(9)], have[s.Topic(10)])
		}
		if n := have[s.Base+"_8"]; n != 0 {
			t.Errorf("there is a topic of level 8, which isn't boosted")
		}
	})
}

// A level's topic that has fewer partitions than the settings ask for is grown at
// start, and its new partitions are read; the base topic stays as it is.
func TestTopicsGrowAtStart(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.Plan(t, c.Brokers(t), rig.Options{Min: 9, Partitions: 6})
		makeTopics(t, s, kafkaio.TopicSpec{Name: s.Base, Partitions: 2}, kafkaio.TopicSpec{Name: s.Topic(10), Partitions: 2})
		p := s.Spawn(t)
		rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
		says(t, p, "partitions added", s.Topic(10))
		if have := partitions(t, s); have[s.Base] != 2 || have[s.Topic(10)] != 6 || have[s.Topic(9)] != 6 {
			t.Errorf("topics have %d, %d and %d partitions", have[s.Base], have[s.Topic(9)], have[s.Topic(10)])
		}
		load := s.Load(t)
		load.Fill(10, 60, 100)
		load.AwaitHandled()
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
	})
}

// Missing topics that shall not be created are named; the rest works meanwhile,
// and they are read once they exist.
func TestMissingTopics(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.Plan(t, c.Brokers(t), rig.Options{Min: 9, Kafka: "  create_topics: false", Extra: "start_wait: 200ms"})
		s.EnsureTopics(t, s.Base, s.Topic(9))
		load := s.Load(t)
		load.Fill(0, 20, 100)
		load.Fill(9, 20, 100)
		p := s.Spawn(t)
		load.AwaitHandled()
		missing := "topics are missing and kafka.create_topics is false, their messages are read once they exist: " + s.Topic(10) + `"`
		rig.Eventually(t, "it names what is missing", func() bool { return p.Says(missing) })
		s.Ensure(t)
		load.Fill(10, 20, 100)
		load.AwaitHandled()
		rig.Eventually(t, "nothing is wrong any more", func() bool { return rig.Alarm(s.Status(t), "topics") == "" })
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
	})
}

// A base topic that doesn't exist yet delays no level.
func TestMissingBaseTopic(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.Plan(t, c.Brokers(t), rig.Options{Min: 10, Kafka: "  create_topics: false", Extra: "start_wait: 200ms"})
		s.EnsureTopics(t, s.Topic(10))
		load := s.Load(t)
		load.Fill(10, 20, 100)
		p := s.Spawn(t)
		load.AwaitHandled()
		rig.Eventually(t, "it names what is missing", func() bool { return p.Says("read once they exist: " + s.Base) })
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
	})
}

// A topic that is deleted while it is read, and made anew, is read again from
// its beginning; the other levels go on meanwhile.
func TestTopicMadeAnew(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		svc := serve(t, nil)
		s := rig.New(t, c, rig.Options{Min: 9, Handler: `http: "` + svc.URL + `"`})
		s.Load(t).Fill(10, 30, 100)
		p := s.Spawn(t)
		rig.Eventually(t, "the first are handled and committed", func() bool { return svc.count() == 30 && s.Done(t) == 30 })
		ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
		defer cancel()
		if err := s.Admin(t).DeleteTopics(ctx, []string{s.Topic(10)}); err != nil {
			t.Fatal(err)
		}
		s.Load(t).Fill(9, 10, 100)
		rig.Eventually(t, "its partitions are gone, and another level goes on", func() bool {
			return p.Says("partitions lost") && svc.count() == 40
		})
		s.Ensure(t)
		s.Load(t).Fill(10, 20, 100)
		rig.Eventually(t, "the new ones are handled", func() bool { return svc.count() == 60 })
		exits(t, p, p.Terminate(), 0)
		if n := svc.count(); n != 60 {
			t.Errorf("%d messages were handled, want 60", n)
		}
	})
}

// What waits in topics of levels that the settings don't have is an alarm, which
// says how to have it read.
func TestStrandedMessages(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 5})
		above, below := s.Base+"_12", s.Base+"_3"
		s.EnsureTopics(t, above, below, s.Base+"_20")
		fillTopic(s.Load(t), above, 12, 20)
		fillTopic(s.Load(t), below, 3, 5)
		p := s.Spawn(t)
		rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
		await(t, s, "stranded", "25 messages wait", above+" (20)", below+" (5)", "topics."+s.Base+".drain: true")
		exits(t, p, p.Terminate(), 0)
	})
}

// Those are read at the nearest level, in a group of their own, beside
// everything else; then the alarm ends.
func TestDrainingOfLevels(t *testing.T) {
	onEachAlone(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 5, Handler: "sleep: {min: 200ms}, slots: 1"})
		above, below := s.Base+"_12", s.Base+"_3"
		s.EnsureTopics(t, above, below)
		load := s.Load(t)
		fillTopic(load, above, 10, 10)
		fillTopic(load, below, 3, 10)
		load.Fill(9, 10, 100)
		p := s.Spawn(t, "--set", "topics."+s.Base+".drain=true")
		rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
		await(t, s, "stranded", "they are being read")
		load.AwaitHandled()
		over(t, s, "stranded")
		admin := s.Admin(t)
		for topic, group := range map[string]string{above: s.Group + "_priority_12", below: s.Group + "_priority_3"} {
			ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
			waits, err := admin.Waiting(ctx, group, map[string]int{topic: s.Partitions})
			cancel()
			if err != nil || waits[topic] != 0 {
				t.Errorf("%d messages of %s wait for group %s, %v", waits[topic], topic, group, err)
			}
		}
		exits(t, p, p.Terminate(), 0)
		strict(t, s, load)
		for n, r := range s.Audit(t) {
			if want := []string{above, s.Topic(9), below}[n/10]; r.Topic != want {
				t.Fatalf("message %d that started is of %s, want %s", n+1, r.Topic, want)
			}
		}
		once(t, p, "stranded")
	})
}

// fillTopic produces to a topic that is no level's, as level.
func fillTopic(load *rig.Load, topic string, level boostd.Level, n int) {
	for i := range n {
		load.Send(rig.Message{Topic: topic, Level: level, Key: strconv.AppendInt(nil, int64(i), 10)})
	}
	load.Flush()
}

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/test/rig"
)

// inForce waits until the daemon runs with the settings document as it is.
func inForce(t *testing.T, s *rig.Setup) console.Status {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.Dir, "settings.json"))
	if err != nil {
		t.Fatal(err)
	}
	var status console.Status
	rig.Eventually(t, "the settings are in force", func() bool {
		status = s.Status(t)
		return status.Settings.Hash == configwatch.Hash(data)
	})
	return status
}

// setLevels changes the settings to other levels, and waits until they are in force.
// The Setup keeps its own: who sends in the background reads them.
func setLevels(t *testing.T, s *rig.Setup, low, high int) console.Status {
	t.Helper()
	s.WriteFile(t, "settings.json", fmt.Sprintf(`{"max_priority":%d,"default_priority":0,"Priority_boost":[
		{"topic_name":%q,"priority_boost_min_value":%d,"number_of_partitions":3}]}`, high, s.Base, low))
	return inForce(t, s)
}

// send sends n messages to a level's own topic, wherever the Setup has its levels.
func send(load *rig.Load, s *rig.Setup, level boostd.Level, n int) {
	for range n {
		load.Send(rig.Message{Level: level, Topic: priority.DerivedTopic(s.Base, level), Stamped: true})
	}
}

// consumerOf is a consumer by its name.
func consumerOf(s console.Status, name string) (console.Consumer, bool) {
	n := slices.IndexFunc(s.Consumers, func(k console.Consumer) bool { return k.Name == name })
	if n < 0 {
		return console.Consumer{}, false
	}
	return s.Consumers[n], true
}

// Levels come and go while messages stream: nothing is lost or repeated, a new
// level is there soon, one that goes is read until it is empty, and levels that
// aren't concerned don't rebalance.
func TestLevelsChangeUnderLoad(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 9, Handler: "sleep: {min: 1ms}, slots: 8"})
		p := s.Spawn(t)
		rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
		before := s.Status(t)
		load := s.Load(t)
		ctx, end := context.WithCancel(t.Context())
		var streams sync.WaitGroup
		for _, level := range []boostd.Level{0, 9, 10} {
			streams.Go(func() { load.Stream(ctx, level, 100, 100) })
		}
		for round := range 2 {
			setLevels(t, s, 7, 12)
			began := time.Now()
			send(load, s, 12, 1)
			send(load, s, 7, 1)
			rig.Eventually(t, "the new levels handle messages", func() bool {
				done := 0
				for _, l := range s.Status(t).Levels {
					if l.Level == 7 || l.Level == 12 {
						done += int(l.Done)
					}
				}
				return done >= 2*(round+1)
			})
			t.Logf("round %d: new levels handle messages after %v", round, time.Since(began).Round(time.Millisecond))
			send(load, s, 12, 200) // what is left when they go
			send(load, s, 7, 200)
			setLevels(t, s, 9, 10)
			rig.Eventually(t, "levels that were given up have gone", func() bool {
				status := s.Status(t)
				_, high := consumerOf(status, "12")
				_, low := consumerOf(status, "7")
				return !high && !low && rig.Alarm(status, "stranded") == ""
			})
		}
		end()
		streams.Wait()
		load.AwaitHandled()
		after := s.Status(t)
		for _, name := range []string{"base", "9", "10"} {
			was, _ := consumerOf(before, name)
			if is, _ := consumerOf(after, name); is.Rebalances != was.Rebalances {
				t.Errorf("consumer %s had %d rebalances, before the changes %d", name, is.Rebalances, was.Rebalances)
			}
		}
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
	})
}

// A level that goes while the daemon is down, with messages in its topic, is read
// all the same; and again when later somebody writes there.
func TestLevelRetiredWhileDown(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 8})
		p := s.Spawn(t)
		rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
		load := s.Load(t)
		load.Fill(8, 50, 100)
		load.AwaitHandled()
		exits(t, p, p.Terminate(), 0)
		old := s.Topic(8)
		load.Fill(8, 50, 100)
		s.Min = 9
		s.WriteSettings(t)
		p = s.Spawn(t)
		load.AwaitHandled()
		rig.Eventually(t, "its consumer has gone", func() bool {
			status := s.Status(t)
			_, runs := consumerOf(status, "8")
			return status.Ready && !runs && rig.Alarm(status, "stranded") == ""
		})
		for range 20 {
			load.Send(rig.Message{Level: 0, Topic: old})
		}
		load.Flush()
		rig.Eventually(t, "there is an alarm", func() bool {
			text := rig.Alarm(s.Status(t), "stranded")
			return strings.Contains(text, old) && strings.Contains(text, "they are being read")
		})
		load.AwaitHandled()
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
	})
}

// Another topic is boosted, and then none: the level's consumer reads other topics,
// without a repeat of what stays.
func TestBoostedTopicsChangeUnderLoad(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s := rig.New(t, c, rig.Options{Min: 9, Handler: "sleep: {min: 1ms}, slots: 8"})
		other := s.Base + "-more"
		s.EnsureTopics(t, other)
		config, err := os.ReadFile(s.Path())
		if err != nil {
			t.Fatal(err)
		}
		s.WriteFile(t, "boostd.yaml", strings.Replace(string(config), "handlers:\n", fmt.Sprintf("  %s: {handler: work}\nhandlers:\n", other), 1))
		p := s.Spawn(t)
		rig.Eventually(t, "it is ready", func() bool { return rig.Ready(t, s) })
		before := s.Status(t)
		load := s.Load(t)
		ctx, end := context.WithCancel(t.Context())
		var streams sync.WaitGroup
		for _, level := range []boostd.Level{0, 9, 10} {
			streams.Go(func() { load.Stream(ctx, level, 100, 100) })
		}
		for range 2 {
			s.WriteFile(t, "settings.json", fmt.Sprintf(`{"max_priority":10,"default_priority":0,"Priority_boost":[
				{"topic_name":%q,"priority_boost_min_value":9,"number_of_partitions":3},
				{"topic_name":%q,"priority_boost_min_value":10,"number_of_partitions":3}]}`, s.Base, other))
			inForce(t, s)
			for range 200 {
				load.Send(rig.Message{Level: 10, Topic: other + "_10"})
			}
			s.WriteSettings(t)
			inForce(t, s)
			rig.Eventually(t, "the topic is read until it is empty", func() bool {
				k, _ := consumerOf(s.Status(t), "10")
				return len(k.Topics) == 1
			})
		}
		end()
		streams.Wait()
		load.AwaitHandled()
		after := s.Status(t)
		for _, name := range []string{"base", "9"} {
			was, _ := consumerOf(before, name)
			if is, _ := consumerOf(after, name); is.Rebalances != was.Rebalances {
				t.Errorf("consumer %s had %d rebalances, before the changes %d", name, is.Rebalances, was.Rebalances)
			}
		}
		exits(t, p, p.Terminate(), 0)
		clean(t, load)
	})
}

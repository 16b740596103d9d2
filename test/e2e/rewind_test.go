package e2e

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/test/rig"
)

// rewound has messages of three topics handled and committed, 20 of each, and
// further ones in the base topic alone.
func rewound(t *testing.T, c *rig.Cluster) (*rig.Setup, *rig.Load) {
	t.Helper()
	s := rig.New(t, c, rig.Options{Min: 9, Partitions: 1})
	load := s.Load(t)
	for _, level := range []boostd.Level{0, 9, 10} {
		load.Fill(level, 20, 100)
	}
	p := s.Spawn(t)
	load.AwaitHandled()
	exits(t, p, p.Terminate(), 0)
	return s, load
}

// Each partition of every group goes back by so many messages and no more, and
// not before its beginning; what comes again is handled again.
func TestRewindByCount(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s, load := rewound(t, c)
		load.Fill(0, 30, 100)
		p := s.Spawn(t, "--rewind", "25")
		repeated := 3 * 20
		rig.Eventually(t, "what was rewound is handled again", func() bool { return len(s.Audit(t)) >= 90+repeated })
		exits(t, p, p.Terminate(), 0)
		says(t, p, `"by":"25","group":"`+s.Group+`_base","messages":20,"partitions":1`)
		if n := len(s.Audit(t)); n != 90+repeated {
			t.Errorf("%d attempts, want %d", n, 90+repeated)
		}
		if n := s.Done(t); n != 90 {
			t.Errorf("%d are committed at the end, want 90", n)
		}
		p = s.Spawn(t, "--rewind", "7")
		rig.Eventually(t, "so many of each", func() bool { return len(s.Audit(t)) >= 90+repeated+3*7 })
		exits(t, p, p.Terminate(), 0)
		if n := len(s.Audit(t)); n != 90+repeated+3*7 {
			t.Errorf("%d attempts, want %d", n, 90+repeated+3*7)
		}
	})
}

// While a group has members no offset of any group changes, and it says who to
// look for.
func TestRewindRefusesActiveGroups(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		s, _ := rewound(t, c)
		before := s.Committed(t)
		// Its groups of two levels end, and the base group alone is active.
		other := rig.Plan(t, c.Brokers(t), rig.Options{Min: 11, Max: 11})
		other.Base, other.Group = s.Base, s.Group
		other.WriteConfig(t)
		running := other.Spawn(t)
		rig.Eventually(t, "the base group has a member", running.Assigned)
		p := s.Spawn(t, "--rewind", "5")
		exits(t, p, p.Wait(rig.Patience), 1)
		says(t, p, "rewind, nothing was changed: group "+s.Group+"_base has members", "boostd config check shows")
		if after := s.Committed(t); !maps.Equal(before, after) {
			t.Errorf("offsets were %v and are %v", before, after)
		}
		exits(t, running, running.Terminate(), 0)
	})
}

// By time it goes to the first message that is young enough, never forward, and
// partitions without an offset get none.
func TestRewindByTime(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		const margin = 2 * time.Second // that the machine may stand still, or a clock be off
		s, load := rewound(t, c)
		old := time.Now()
		rig.Eventually(t, "the next messages are younger", func() bool { return time.Since(old) > 2*margin })
		young := time.Now()
		load.Fill(0, 10, 100)
		p := s.Spawn(t)
		load.AwaitHandled()
		exits(t, p, p.Terminate(), 0)
		ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
		defer cancel()
		groups := map[string][]string{s.Groups()[0]: {s.Base}, s.Groups()[1]: {s.Topic(9)}, "new-" + s.Group: {s.Topic(10), "missing-" + s.Base}}
		since := time.Since(young) + margin
		done, err := s.Admin(t).Rewind(ctx, groups, kafkaio.Rewind{Since: since})
		if err != nil {
			t.Fatal(err)
		}
		t.Log(done)
		want := map[boostd.TopicPartition]int64{{Topic: s.Base}: 20, {Topic: s.Topic(9)}: 20, {Topic: s.Topic(10)}: 20}
		if got := s.Committed(t); !maps.Equal(got, want) {
			t.Errorf("committed are %v, want %v", got, want)
		}
		for _, r := range done {
			if back := map[string]int64{s.Groups()[0]: 10}[r.Group]; r.Messages != back {
				t.Errorf("group %s went back by %d, want %d", r.Group, r.Messages, back)
			}
		}
		// Only some brokers know a group that has committed nothing.
		if none, _ := s.Admin(t).Committed(ctx, "new-"+s.Group); len(none) > 0 {
			t.Errorf("the group without offsets has %v", none)
		}
	})
}

// What can't be read is wrong usage, told before anything is looked at.
func TestRewindUsage(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0", "-10m", "yesterday"} {
		p, code := rig.Boostd(t, "run", "-c", "missing.yaml", "--rewind="+text)
		exits(t, p, code, 64)
		says(t, p, "--rewind", "want a duration, such as 10m, or a number of messages")
	}
}

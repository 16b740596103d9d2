package scheduler

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

var update = flag.Bool("update", false, "write what the core says into the stories")

// TestStories plays testdata/stories: a file is a situation that queues with
// priorities are known to get wrong. A line begins with a # and is for people, or
// sets the pool up, or has a time, what happens then, and after an arrow what the
// core says: run 1@9: 4 5 gives slot 1 the messages with offsets 4 and 5, of level 9.
// Messages are fetched as key:level, - for no key, and *3 for three of them.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := playStory(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(text) {
				t.Errorf("the core tells it like this:\n%s", got)
			}
		})
	}
}

type story struct {
	*rig
	start  time.Time
	others map[string]ConsumerID
}

func playStory(t *testing.T, text string) string {
	var s *story
	var told strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		event, _, _ := strings.Cut(line, "->")
		words := strings.Fields(event)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			fmt.Fprintln(&told, line)
		case words[0] == "pool":
			s = newStory(t, words[1:])
			fmt.Fprintln(&told, line)
		case s == nil:
			t.Fatalf("%q comes before the pool", line)
		default:
			s.now = s.start.Add(parse(t, words[0]))
			s.happens(words[1], words[2:])
			fmt.Fprintln(&told, strings.TrimRight(fmt.Sprintf("%-8s %-38s -> %s", words[0], strings.Join(words[1:], " "), s.says()), " "))
		}
	}
	return told.String()
}

// says is what the core asked for, which level a slot is wanted for, and when the
// core wants to be called.
func (s *story) says() string {
	said := strings.Join(s.said, "; ")
	add := func(format string, args ...any) {
		if said != "" {
			said += "; "
		}
		said += fmt.Sprintf(format, args...)
	}
	if at := s.core.Waiting(0); at != None {
		add("wanted for %d", at)
	}
	if !s.wake.IsZero() {
		add("timer at %v", s.wake.Sub(s.start))
	}
	return said
}

func newStory(t *testing.T, words []string) *story {
	slots, order := 1, ByKey
	for _, w := range words {
		switch name, value, _ := strings.Cut(w, "="); name {
		case "slots":
			slots = number(t, value)
		case "order":
			order = orderNames[value]
		}
	}
	s := &story{newRig(t, slots, order), time.Unix(1000, 0), map[string]ConsumerID{}}
	s.core.pools[0].setPolicy(storyPolicy(t, words))
	s.core.pools[0].setBatch(storyBatch(t, words))
	for _, w := range words {
		switch name, value, _ := strings.Cut(w, "="); name {
		case "preempt":
			s.core.pools[0].config.Preemptible = true
		case "deadletters":
			s.core.pools[0].config.DeadLetters = true
		case "attempts":
			s.core.pools[0].config.Retry.Attempts = number(t, value)
		case "takes": // level:duration
			level, mean, _ := strings.Cut(value, ":")
			s.warm(boostd.Level(number(t, level)), parse(t, mean))
		}
	}
	return s
}

func storyPolicy(t testing.TB, words []string) (p Policy) {
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		level, n, _ := strings.Cut(value, ":")
		switch name {
		case "exclusive":
			p.Exclusive = true
		case "max_wait":
			p.MaxWait = parse(t, value)
		case "min_share":
			p.MinShare = append(p.MinShare, Share{boostd.Level(number(t, level)), number(t, n)})
		case "reserve":
			p.Reserve = append(p.Reserve, Reserve{boostd.Level(number(t, level)), number(t, n)})
		}
	}
	return p
}

// storyBatch is batch=max:wait.
func storyBatch(t testing.TB, words []string) (b Batch) {
	for _, w := range words {
		if name, value, _ := strings.Cut(w, "="); name == "batch" {
			most, wait, _ := strings.Cut(value, ":")
			b = Batch{Max: number(t, most), Wait: parse(t, wait)}
		}
	}
	return b
}

func (s *story) happens(event string, words []string) {
	switch event {
	case "fetch":
		s.fetches(words)
	case "finish":
		s.finishes(words)
	case "gives-back": // slot, how many of its batch were started
		s.recalled(number(s.t, words[0]), number(s.t, words[1]))
	case "timer":
		s.apply(s.core.Tick(s.now))
	case "pause":
		s.pause(boostd.Level(number(s.t, words[0])), 0)
	case "resume":
		s.resume(boostd.Level(number(s.t, words[0])))
	case "policy":
		s.policy(storyPolicy(s.t, words))
	case "batch":
		p := s.core.pools[0].config
		e, err := s.core.Reconfigure(s.now, p.Levels, []PoolChange{{p.Slots, p.Retry, p.Policy, p.Preemptible, storyBatch(s.t, words)}})
		if err != nil {
			s.t.Fatal(err)
		}
		s.apply(e)
	case "revoke":
		s.apply(s.core.Revoking(s.now, 0, []boostd.TopicPartition{s.partition(words[0])}))
	case "assign":
		s.assigned(0, s.partition(words[0]))
	case "buried":
		letter := s.burials[0]
		s.burials = s.burials[1:]
		s.apply(s.core.Buried(s.now, letter.Item, ""))
	case "consumer": // name, level, window
		s.others[words[0]] = s.consumer(ConsumerConfig{Name: words[0], Level: boostd.Level(number(s.t, words[1])),
			Window: Window{Messages: number(s.t, words[2]), Bytes: 1 << 20}, Orders: map[string]Order{words[0]: Unordered}})
		s.assigned(s.others[words[0]], boostd.TopicPartition{Topic: words[0]})
	case "backlog":
		s.apply(s.core.Backlog(s.now, s.others[words[0]], int64(number(s.t, words[1]))))
	default:
		s.t.Fatalf("nothing is called %s", event)
	}
}

// partition is t/0, t/1, or one of another consumer's topic.
func (s *story) partition(word string) boostd.TopicPartition {
	topic, part, _ := strings.Cut(word, "/")
	return boostd.TopicPartition{Topic: topic, Partition: int32(number(s.t, part))}
}

func (s *story) fetches(words []string) {
	tp := s.partition(words[0])
	s.fetch(s.others[tp.Topic], tp, s.repeated(words[1:])...) // the base consumer's number is 0
}

// repeated writes x*3 out.
func (s *story) repeated(words []string) (all []string) {
	for _, w := range words {
		one, times, many := strings.Cut(w, "*")
		all = append(all, one)
		for n := 1; many && n < number(s.t, times); n++ {
			all = append(all, one)
		}
	}
	return all
}

// finishes gives the batch of a slot back: done, retry, dead, preempted or unstarted
// for each item, the last word for all that follow; retry=10s is the handler's own wait.
func (s *story) finishes(words []string) {
	slot, results := number(s.t, words[0]), s.repeated(words[1:])
	items := s.out[slot]
	delete(s.out, slot)
	for n, i := range items {
		name, after, _ := strings.Cut(results[min(n, len(results)-1)], "=")
		if name == "unstarted" {
			continue
		}
		i.StartedAt, i.FinishedAt = s.now.Add(-s.took), s.now
		i.Result.Outcome = map[string]boostd.Outcome{"done": done, "retry": retry, "dead": dead, "preempted": retry}[name]
		i.Preempted = name == "preempted"
		if after != "" {
			i.Result.After = parse(s.t, after)
		}
	}
	if items == nil || len(results) > len(items) {
		s.t.Fatalf("slot %d has %d items at %v, and there are %d results", slot, len(items), s.now.Sub(s.start), len(results))
	}
	if s.core.pools[0].batches.out[slot].whole {
		Void(items)
	}
	s.apply(s.core.Finished(s.now, 0, slot, items))
}

func number(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

package compat

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/test/rig"
)

// shared is what boostd.yaml has while KafkaBoost is in the same groups.
const shared = "  assignor: range"

// mixed are n messages over the base topic and both levels, with a mark.
func mixed(s *rig.Setup, mark string, n int) []message {
	var all []message
	for i := range n {
		all = append(all, message{Topic: s.Base, Key: fmt.Sprint(i), Value: map[string]any{mark: i}, Priority: new([]int{0, 9, 10}[i%3])})
	}
	return all
}

// KafkaBoost commits what it has polled and not handled, and loses it when it
// ends. boostd takes over its groups and, rewound, handles what was left: each
// message is handled by one of the two at least.
func TestBoostdTakesOverFromKafkaBoost(t *testing.T) {
	s := setup(t, rig.Options{Kafka: shared})
	document := settingsOf(t, s)
	consumer := consume(t, s, document, "50")
	consumer.awaitReady()
	sent := produce(t, s, document, mixed(s, "a", 300))
	consumer.wait()
	handled := map[rig.Place]bool{}
	for _, m := range consumer.messages() {
		handled[m.place()] = true
	}
	committed := int64(0)
	for _, offset := range s.Committed(t) {
		committed += offset
	}
	t.Logf("KafkaBoost handled %d of %d and committed %d", len(handled), len(sent), committed)
	if committed <= int64(len(handled)) {
		t.Error("KafkaBoost has not committed more than it handled: this test tests nothing")
	}
	left := func() (n int) {
		done := map[rig.Place]bool{}
		for _, r := range s.Audit(t) {
			done[rig.PlaceOf(r)] = r.Result == boostd.Done
		}
		for _, at := range sent {
			if !handled[at.place()] && !done[at.place()] {
				n++
			}
		}
		return n
	}
	// Without a rewind boostd goes on where KafkaBoost committed.
	p := s.Spawn(t)
	rig.Eventually(t, "boostd has read to the end", func() bool { return s.Done(t) == int64(len(sent)) && rig.Ready(t, s) })
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := len(s.Audit(t)); int64(n) != int64(len(sent))-committed {
		t.Errorf("boostd handled %d messages, want the %d that were not committed", n, int64(len(sent))-committed)
	}
	lost := left()
	t.Logf("without a rewind %d are lost", lost)
	if lost == 0 {
		t.Error("KafkaBoost has lost nothing: this test tests nothing")
	}
	p = s.Spawn(t, "--rewind", "300")
	rig.Eventually(t, "nothing is left", func() bool { return left() == 0 })
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// The way back: KafkaBoost goes on behind what boostd has committed.
func TestKafkaBoostTakesOverFromBoostd(t *testing.T) {
	s := setup(t, rig.Options{Kafka: shared})
	first := boostdProduces(t, s, mixed(s, "a", 90))
	p := s.Spawn(t)
	rig.Eventually(t, "boostd has handled the first", func() bool { return rig.CountDone(s.Audit(t)) == len(first) })
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	second := boostdProduces(t, s, mixed(s, "b", 90))
	consumer := consume(t, s, settingsOf(t, s), "0")
	rig.Eventually(t, "KafkaBoost has handled the second", func() bool { return len(consumer.messages()) >= len(second) || consumer.ended() })
	consumer.finish()
	var got, want []string
	for _, m := range consumer.messages() {
		got = append(got, fmt.Sprint(m.place()))
	}
	for _, m := range second {
		want = append(want, fmt.Sprint(m.place()))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("KafkaBoost handled %d messages, want the %d that came after boostd had stopped:\n%v\n%v", len(got), len(want), got, want)
	}
	if n := rig.CountDone(s.Audit(t)); n != len(first) {
		t.Errorf("boostd handled %d, want %d", n, len(first))
	}
}

// Both in the same groups at once share the partitions, and each message goes to
// one of them.
func TestBothShareTheGroups(t *testing.T) {
	s := setup(t, rig.Options{Kafka: shared})
	document := settingsOf(t, s)
	consumer := consume(t, s, document, "0")
	consumer.awaitReady()
	p := s.Spawn(t)
	share := func() []string {
		shares := consumer.said(func(l said) bool { return l.Share != nil })
		if len(shares) == 0 {
			return nil
		}
		return shares[len(shares)-1].Share
	}
	const partitions = 9 // of three topics
	rig.Eventually(t, "both have partitions of each group", func() bool {
		own := 0
		if rig.Ready(t, s) {
			for _, c := range s.Status(t).Consumers {
				own += c.Partitions
			}
		}
		return own >= 3 && len(share()) >= 3 && own+len(share()) == partitions
	})
	sent := produce(t, s, document, mixed(s, "a", 120))
	both := func() (own, theirs int) { return rig.CountDone(s.Audit(t)), len(consumer.messages()) }
	rig.Eventually(t, "all are handled", func() bool { own, theirs := both(); return own+theirs >= len(sent) || consumer.ended() })
	own, theirs := both()
	t.Logf("boostd handled %d, KafkaBoost %d of %d; it has %s", own, theirs, len(sent), strings.Join(share(), " "))
	if own+theirs != len(sent) || own == 0 || theirs == 0 {
		t.Errorf("boostd handled %d, KafkaBoost %d of %d", own, theirs, len(sent))
	}
	consumer.finish()
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if p.Says(`"@level":"error"`) {
		t.Error("boostd logged an error")
	}
}

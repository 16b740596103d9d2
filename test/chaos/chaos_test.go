package chaos

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var (
	firstSeed = flag.Uint64("chaos.seed", 161, "the first seed; the usual one deals killed daemons and brokers, a backlog, lost commits, a stop, and failures early")
	seeds     = flag.Int("chaos.seeds", 1, "how many seeds, one after the other")
	seconds   = flag.Int("chaos.seconds", 24, "how long faults come, for each seed")
	rate      = flag.Int("chaos.rate", 300, "messages a second")
	only      = flag.String("chaos.only", "", "break only what contains one of these words, such as 'commits,SIGTERM'")
	debug     = flag.String("chaos.debug", "", "contexts of librdkafka that the daemons log in full, such as cgrp")
	keep      = flag.String("chaos.keep", "", "the folder that histories and what daemons say are kept in; histories of failed runs are kept in any case, without it in the temporary folder")
	judge     = flag.String("chaos.judge", "", "a history to judge again, without a run")
)

// Whatever dies, nothing is lost, nothing is repeated without a reason, and the
// highest level goes first.
func TestChaos(t *testing.T) {
	if *judge != "" {
		h, err := ReadFile(*judge)
		if err != nil {
			t.Fatal(err)
		}
		convict(t, Judge(h))
		return
	}
	if *keep != "" {
		if err := os.MkdirAll(*keep, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	var all []*Verdict
	messages := 0
	for n := range *seeds {
		seed := *firstSeed + uint64(n)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			v := runSeed(t, seed)
			all, messages = append(all, v), messages+v.Messages
		})
	}
	t.Logf("%d seeds, %d messages\n%s", len(all), messages, Table(all...))
}

func runSeed(t *testing.T, seed uint64) *Verdict {
	replay := fmt.Sprintf("make chaos SEED=%d SEEDS=1 SECONDS=%d RATE=%d", seed, *seconds, *rate)
	if *only != "" {
		replay += fmt.Sprintf(" ARGS='-chaos.only=%q'", *only)
	}
	t.Logf("seed %d; again: %s", seed, replay)
	w := NewWorld(t, Run{Seed: seed, Lasting: time.Duration(*seconds) * time.Second, Top: top}, Options{Rate: *rate, Daemons: 3, Debug: *debug, Logs: *keep})
	if err := w.Run(NewPlanner(seed, words(*only)...).Next); err != nil {
		t.Error(err)
	}
	h := w.journal.History()
	v := Judge(&h)
	convict(t, v)
	if !t.Failed() && *keep == "" {
		return v
	}
	path, err := w.Keep(*keep)
	if err != nil {
		t.Error(err)
	}
	t.Logf("the history is %s; judge it again: go test ./test/chaos -run TestChaos -v -chaos.judge=%[1]s; run it again: %s", path, replay)
	return v
}

// words are what commas separate.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

// convict fails the test when a rule is broken.
func convict(t *testing.T, v *Verdict) {
	t.Helper()
	t.Log(v)
	for _, x := range v.Violations {
		t.Errorf("%s: %s", x.Rule, x.Text)
		break // the log has more
	}
}

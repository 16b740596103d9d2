package simulation

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/scheduler/sim"
)

// Everything that is wrong is said, where, and what to write instead.
func TestProblems(t *testing.T) {
	const load = "load: [{levels: 0, poisson: 1}]\n"
	for _, c := range []struct{ text, want string }{
		{"", "f: is empty"},
		{"for: 10s\n", "f: load: is missing: say what is produced"},
		{load + "sed: 1\n", `f:2:1: sed: unknown key, did you mean "seed"?`},
		{load + "seed: -1\n", `f:2:7: seed: "-1": want a whole number, 0 to 18446744073709551615`},
		{load + "for: 10\n", `f:2:6: for: read duration "10": want a number with a unit, such as 200ms, 30s or 5m`},
		{load + "for: 0s\n", "f:2:6: for: 0s: want more than 0s, at most 720h0m0s"},
		{load + "for: 721h\n", "f:2:6: for: 721h0m0s: want more than 0s, at most 720h0m0s"},
		{load + "instances: 1001\n", "f:2:12: instances: 1001: want 1 to 1000"},
		{load + "slots: 0\n", "f:2:8: slots: 0: want 1 to 10000"},
		{load + "levels: 300000\n", "f:2:9: levels: 300000: want 1 to 262144"},
		{load + "window: 0\n", "f:2:9: window: 0: want 1 to 1000000"},
		{load + "gate: open\n", `f:2:7: gate: "open": want on or off`},
		{load + "scope: all\n", `f:2:8: scope: "all": want instance or group`},
		{load + "scope: group\npolicy: {max_wait: 1s}\n", "f:2:8: scope: group lets nothing go before a higher level, but max_wait and min_share do: leave one of them out"},
		{load + "failing: 2\n", `f:2:10: failing: "2": want a share, such as 0.01 or 1%`},
		{load + "retry: {attempts: 0}\n", "f:2:19: retry.attempts: 0: want 1 to 1000"},
		{load + "preempt: soon\n", `f:2:10: preempt: "soon": want how long a handler goes on that is told to stop, such as 50ms, or never`},
		{load + "starving: 0s\n", "f:2:11: starving: 0s: want more than 0s"},
		{load + "latency: {drain: 25h}\n", "f:2:18: latency.drain: 25h0m0s: want 0s to 24h0m0s"},
		{load + "handler: {constant: 1ms, exponential: 2ms}\n", "f:2:10: handler: want one of constant, uniform, exponential, lognormal and mix"},
		{load + "handler: {uniform: {min: 2s, max: 1s}}\n", "f:2:10: handler: from 2s to 1s: the first must not be larger"},
		{load + "handler: {lognormal: {p99: 1s}}\n", "f:2:10: handler: half below 0s and 99 percent below 1s: want the first above 0s, and not larger than the second"},
		{load + "handler: {mix: []}\n", "f:2:16: handler.mix: has 0 parts: want 1 to 20"},
		{load + "handler: {mix: [{share: 1}]}\n", "f:2:17: handler.mix[0]: want share and one of constant, uniform, exponential and lognormal"},
		{load + "handler: {mix: [{constant: 1s}, {share: 1, constant: 2s}]}\n", "f:2:10: handler: a share is 0: want a number above 0"},
		{load + "policy: {mode: fair}\n", `f:2:16: policy.mode: "fair": want strict or exclusive`},
		{load + "policy: {mode: exclusive, max_wait: 1s}\n", "f:2:37: policy.max_wait: exclusive lets nothing go before a higher level; leave one of the two out"},
		{load + "policy: {reserve: {0: 99}}\n", "f:2:23: policy.reserve.0: level 0 is outside 1 to 0"},
		{load + "policy: {min_share: {5-3: 9}}\n", `f:2:27: policy.min_share.5-3: "5-3": want the lower level first, 3-5`},
		{"load: [{poisson: 1}]\n", "f:1:8: load[0].levels: is missing: name a level, or some in a row, such as 8-10"},
		{"load: [{levels: 0}]\n", "f:1:8: load[0]: produces nothing: want some of backlog, poisson, steady and burst"},
		{"load: [{levels: 3-1, steady: 1}]\n", `f:1:17: load[0].levels: "3-1": want the lower level first, 1-3`},
		{"levels: 3\nload: [{levels: 1-3, steady: 1}]\n", "f:2:17: load[0].levels: 1-3: want some of 0 to 2, the lower one first"},
		{"load: [{levels: 0, poisson: -1}]\n", `f:1:29: load[0].poisson: "-1": want messages a second, such as 5000 or 0.5`},
		{"load: [{levels: 0, poisson: 1e9}]\n", "f:1:29: load[0].poisson: 1e+09: want messages a second, 0 or 1e-06 to 1e+08"},
		{"load: [{levels: 0, steady: 1e7}]\n", "f:1:7: load: makes about 600000000 messages: at most 20000000; a shorter time, or less of everything, tells the same"},
		{"load: [{levels: 0, burst: {every: 1s}}]\n", "f:1:27: load[0].burst.messages: want at least 1"},
		{"load: [{levels: 0, steady: 1, partitions: -1}]\n", "f:1:43: load[0].partitions: -1: want 1 to 10000"},
		{"load: [{levels: 0, steady: 1, order: any}]\n", `f:1:38: load[0].order: "any": want key, partition or none`},
		{"load: [{levels: 0, steady: 1, from: 5s, until: 4s}]\n", "f:1:48: load[0].until: 4s: want a time after from, 5s"},
		{"load: [{audit: a.jsonl, levels: 1}]\n", "f:1:16: load[0].audit: has levels, partitions, keys and times of its own: only order and handler go with it"},
		{"load: [{levels: 0-9999, steady: 1}]\ninstances: 200\n", "f:2:12: instances: 200 with 10000 levels each are too much: their product may be 1000000"},
		{load + "events: [{at: 1s, instance: 1}]\n", "f:2:10: events[0]: want one of leave: true, crash: true and join: true"},
		{load + "events: [{at: 1s, instance: 2, leave: true}]\n", "f:2:29: events[0].instance: 2 isn't there at that time"},
		{load + "events: [{at: 1s, instance: 1, join: true}]\n", "f:2:38: events[0].join: instance 1 is there already"},
		{load + "events: [{at: 61s, instance: 1, leave: true}]\n", "f:2:15: events[0].at: 1m1s: want 0s to 1m0s"},
	} {
		_, err := Parse("f", []byte(c.text))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s  got  %s\n  want %s", c.text, got, c.want)
		}
	}
}

func report(t *testing.T, f *File) *Report {
	t.Helper()
	c, err := f.Config()
	if err != nil {
		t.Fatal(err)
	}
	r, err := sim.Run(c)
	if err != nil {
		t.Fatal(err)
	}
	return NewReport(c, r)
}

// The example is what its comments say: defaults, but where they say otherwise.
func TestExampleHasEveryKey(t *testing.T) {
	f, err := Parse("example.yaml", Example)
	if err != nil {
		t.Fatal(err)
	}
	d := defaults()
	if f.Seed != d.Seed || f.For != d.For || f.Slots != d.Slots || f.Retry != d.Retry || !reflect.DeepEqual(f.Latency.config(), d.Latency.config()) || f.Window != d.Window ||
		f.Starving != d.Starving || f.StartWait != d.StartWait || f.Gate != d.Gate || f.Scope != d.Scope || f.Preempt != d.Preempt {
		t.Errorf("the example says that other things are defaults:\n%+v\n%+v", f, d)
	}
	for _, key := range []string{"seed", "for", "instances", "slots", "levels", "handler", "failing", "retry", "dead_letter", "policy", "preempt", "gate",
		"start_wait", "window", "starving", "latency", "load", "events", "mixed", "audit", "constant", "uniform", "exponential", "lognormal", "mix",
		"backlog", "poisson", "steady", "burst", "every", "from", "until", "order", "keys", "partitions", "leave", "crash", "join"} {
		if !bytes.Contains(Example, []byte(key)) {
			t.Errorf("the example doesn't have %s", key)
		}
	}
}

// FuzzParse: whatever the text, it is refused with reasons, or can be simulated;
// a small load is.
func FuzzParse(f *testing.F) {
	f.Add(Example)
	f.Add([]byte("load: [{levels: 0-3, mixed: true, keys: 3, backlog: 9, burst: {messages: 5, every: 1s}}]\nfor: 3s\npolicy: {max_wait: 1s, min_share: {0: 5}}\nfailing: 50%\ndead_letter: true\n"))
	f.Add([]byte("load: [{levels: 1, steady: 3}]\nfor: 3s\nlevels: 2\npreempt: 1ms\npolicy: {reserve: {1: 2}}\nevents: [{at: 1s, instance: 1, crash: true}, {at: 2s, instance: 1, join: true}]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse("f", text)
		if err != nil {
			return
		}
		for _, l := range file.Load {
			if l.Audit != "" {
				return // no other file is read here
			}
		}
		c, err := file.Config()
		if err != nil {
			t.Fatalf("%s is valid and has no configuration: %v", text, err)
		}
		if !isSmall(c) {
			return
		}
		r, err := sim.Run(c)
		if err != nil {
			t.Fatal(err)
		}
		wellFormed(t, NewReport(c, r).Plot())
	})
}

// isSmall: it takes no more than some milliseconds.
func isSmall(c *sim.Config) bool {
	if c.For > 10*time.Second || c.Instances > 5 || c.Pool.Levels > 50 {
		return false
	}
	sum := 0.0
	for n := range c.Loads {
		l := &c.Loads[n]
		each := float64(l.Backlog+l.Partitions+l.Keys+l.Burst) + 10*(l.Poisson+l.Steady)
		if l.Burst > 0 && l.Every > 0 {
			each += 10 * float64(l.Burst+1) / l.Every.Seconds()
		}
		sum += each * float64(l.Last-l.First+1)
	}
	return sum < 3000
}

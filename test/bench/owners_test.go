package main

import (
	"math"
	"testing"

	"github.com/google/pprof/profile"
)

func TestOwnerOf(t *testing.T) {
	const ours, poll = "github.com/kafkaboost/boostd/kafkaio.(*Source).poll", "github.com/confluentinc/confluent-kafka-go/v2/kafka.(*Consumer).Poll"
	for _, c := range []struct {
		stack []string
		want  string
	}{
		{[]string{"runtime.cgocall", "github.com/confluentinc/confluent-kafka-go/v2/kafka._Cfunc_poll", poll, ours}, library},
		{[]string{"github.com/kafkaboost/boostd/kafkaio._Cfunc_take", ours}, library},
		{[]string{"runtime._ExternalCode"}, library},
		{[]string{"runtime.mallocgc", "runtime.newobject", poll, ours}, "the client's Go side"},
		{[]string{"runtime.mallocgc", ours, "runtime.main"}, "boostd"},
		{[]string{"time.runtimeNow", "main.(*slot).begin", "github.com/kafkaboost/boostd/plugins.(*Handler).Handle"}, "the benchmark's own counting"},
		{[]string{"github.com/asynkron/protoactor-go/actor.(*defaultMailbox).run"}, "the actor system"},
		{[]string{"runtime.gcDrain", "runtime.gcBgMarkWorker"}, goItself},
		{nil, goItself},
	} {
		if got := ownerOf(c.stack); got != c.want {
			t.Errorf("%v: %s, want %s", c.stack, got, c.want)
		}
	}
}

func TestOwners(t *testing.T) {
	sample := func(value int64, names ...string) *profile.Sample {
		s := &profile.Sample{Value: []int64{1, value}}
		for _, name := range names {
			s.Location = append(s.Location, &profile.Location{Line: []profile.Line{{Function: &profile.Function{Name: name}}}})
		}
		return s
	}
	got := owners(&profile.Profile{Sample: []*profile.Sample{
		sample(60, "runtime.cgocall", "x"), sample(30, "runtime.futex"), sample(10, "runtime.mallocgc", "github.com/kafkaboost/boostd/scheduler.x"),
	}}, 1)
	for owner, want := range map[string]float64{library: 60, goItself: 30, "boostd": 10} {
		if math.Abs(got[owner]-want) > 1e-9 {
			t.Errorf("%s: %v %%, want %v", owner, got[owner], want)
		}
	}
	if n := len(owners(&profile.Profile{}, 0)); n != 0 {
		t.Errorf("%d owners of nothing", n)
	}
}

func TestThreadNames(t *testing.T) {
	for name, want := range map[string]string{
		"rdk:broker1": "librdkafka's thread broker", "rdk:broker-1": "librdkafka's thread broker", "rdk:main": "librdkafka's thread main",
		"contestants": "Go's threads, calls into librdkafka included",
	} {
		if got := threadName(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

package main

import (
	"math"
	"strings"
	"testing"
)

const top = `File: contestants
Type: cpu
Showing nodes accounting for 10s, 100% of 10s total
      flat  flat%   sum%        cum   cum%
     5.00s 50.00% 50.00%      6.00s 60.00%  runtime.cgocall
     2.00s 20.00% 70.00%      2.00s 20.00%  github.com/kafkaboost/boostd/scheduler.(*Core).Dispatch
     1.00s 10.00% 80.00%      1.00s 10.00%  github.com/kafkaboost/boostd/kafkaio._Cfunc_take (inline)
     0.50s  5.00% 85.00%      0.50s  5.00%  runtime.mallocgc
     0.50s  5.00% 90.00%      0.50s  5.00%  runtime.futex
     0.50s  5.00% 95.00%      0.50s  5.00%  main.(*slot).begin
     0.50s  5.00%   100%      0.50s  5.00%  github.com/confluentinc/confluent-kafka-go/v2/kafka.(*Consumer).Poll
`

func TestOwners(t *testing.T) {
	rows, head := parseTop(top)
	if len(rows) != 7 || !strings.Contains(strings.Split(top, "\n")[head], "runtime.cgocall") {
		t.Fatalf("%d rows behind %d lines", len(rows), head)
	}
	got := owners(rows)
	for owner, want := range map[string]float64{
		"librdkafka, and the way into it": 60, "boostd": 20, "Go's collector and allocator": 5,
		"Go's scheduler, standard library and the rest": 5, "the benchmark's own counting": 5, "the client's Go side": 5,
	} {
		if math.Abs(got[owner]-want) > 1e-9 {
			t.Errorf("%s: %v %%, want %v", owner, got[owner], want)
		}
	}
	if rows, _ := parseTop("nothing of the kind"); len(rows) > 0 {
		t.Errorf("%v from nothing", rows)
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

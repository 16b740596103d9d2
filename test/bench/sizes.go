package main

import "time"

// sizes are how much of everything a run has: so chosen that a whole run takes less
// than 30 minutes on two cores, and a quick one 5.
type sizes struct {
	// Case T: messages of 100 B and of 1 KB in all levels together.
	small, large int
	// Case H: messages of level 0, and the time that is measured with high messages,
	// and without; bursts in each.
	backlog          int
	streaming, plain time.Duration
	// warmUp is before, and before case I twice.
	warmUp time.Duration
	bursts int
	// Case P: messages, and those that are worked on one after the other.
	ordered, serial int
	// Case M: messages of a level, where there are that many levels.
	waiting map[int]int
	// Case I: how long nothing happens.
	idle time.Duration
	// Case R: what goes by between two changes.
	settling time.Duration
}

var whole = sizes{
	small: 1_500_000, large: 400_000,
	backlog: 1_600_000, streaming: 8 * time.Second, plain: 4 * time.Second, warmUp: 1500 * time.Millisecond, bursts: 4,
	ordered: 10_000, serial: 2_000,
	waiting: map[int]int{1: 200_000, 11: 30_000, 33: 15_000},
	idle:    10 * time.Second, settling: 3 * time.Second,
}

var quick = sizes{
	small: 600_000, large: 150_000,
	backlog: 1_000_000, streaming: 4 * time.Second, plain: 2 * time.Second, warmUp: 1500 * time.Millisecond, bursts: 2,
	ordered: 10_000, serial: 1_000,
	waiting: map[int]int{11: 20_000},
	idle:    5 * time.Second, settling: 2 * time.Second,
}

// share of the messages is what a contestant gets that would take minutes for all: its
// speed is seen as well in fewer. KafkaBoost fetches up to 10,000 before it begins the
// first, which aren't on its clock: with several times as many that says little.
func share(contestant string, messages int) int {
	switch contestant {
	case kafkaBoost:
		return min(messages, max(messages/10, 60_000))
	case parallelConsumer:
		return messages / 2
	}
	return messages
}

// The contestants, as test/bench/contestants/launch names them.
const (
	boostd           = "boostd"
	bare             = "bare"         // the Kafka client's own loop, tuned as boostd's is
	bareDefault      = "bare-default" // the same with the client's defaults
	franz            = "franz"        // franz-go's loop
	hour             = "hour"         // what is written in an hour
	day              = "day"          // and in a day
	pool             = "pool"         // a pool without order, by hand
	hash             = "hash"         // keys spread over workers, by hand
	parallelConsumer = "parallel"
	kafkaBoost       = "kafkaboost"
)

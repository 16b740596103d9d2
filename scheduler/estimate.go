package scheduler

import "time"

// Sizes of a batch, after facts that were measured on two cores: a slice of
// 16 ms costs a higher level nothing, because a worker hands back what it
// hasn't started, and brings 27 % more low-level work than 1.5 ms; more than
// 256 messages a batch bring nothing more.
const (
	DefaultSlice = 16 * time.Millisecond
	MaxBatch     = 256
	// MinShare is the least work worth a batch of its own: below it the hand-over
	// costs more than running in parallel gains.
	MinShare = 200 * time.Microsecond
	// slow: a message that takes more than this part of a slice goes alone. With
	// a slice of 16 ms a successor in its batch would wait for more than 4 ms.
	slow = 4
)

// estimate is a slow mean of how long one message of a level takes.
//
// It is a plain average until it has seen enough, because the fastest reports
// come first and a mean that starts at zero believes them; then it moves by
// 1/warm a result.
type estimate struct {
	mean  float64 // nanoseconds
	count int
	warm  int // results before it is believed
}

func (e *estimate) add(d time.Duration) {
	e.count = min(e.count+1, e.warm)
	e.mean += (float64(max(d, 0)) - e.mean) / float64(e.count)
}

// work is how long n messages are expected to take.
func (e *estimate) work(n int) time.Duration { return time.Duration(float64(n) * e.mean) }

// known reports whether enough results are in to size a batch from.
func (e *estimate) known() bool { return e.count >= e.warm }

// batch is how many messages a worker gets. fair is its share if every slot took
// one, or what is worth a batch of its own: then what one worker has taken and
// not started is never behind while others, out of messages of this level, go
// on with a lower one. most is what the slice has time for; beyond fair, up to
// most, may come what nobody else could run meanwhile. Slow messages go alone,
// and all do until the mean is known: a wrong guess of 256 slow messages is a
// third of a second.
func (e *estimate) batch(slice time.Duration, ready, slots int) (fair, most int) {
	mean := max(e.mean, 1)
	if !e.known() || mean > float64(slice)/slow {
		return 1, 1
	}
	most = max(1, int(min(float64(slice)/mean, MaxBatch)))
	fair = max(ready/slots, int(min(float64(MinShare)/mean, MaxBatch)), 1)
	return min(fair, most), most
}

package scheduler

import "time"

// Sizes of a batch, after facts that were measured on two cores: a slice of
// 16 ms costs a higher level nothing, because a worker hands back what it
// hasn't started, and brings 27 % more low-level work than 1.5 ms; more than
// 256 messages a batch bring nothing more.
const (
	DefaultSlice = 16 * time.Millisecond
	MaxBatch     = 256
	// share is the least work worth a batch of its own while slots are free:
	// below it the hand-over costs more than running in parallel gains.
	share = 200 * time.Microsecond
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

// known reports whether enough results are in to size a batch from.
func (e *estimate) known() bool { return e.count >= e.warm }

// batch is how many messages a worker gets: as many as a slice has time for,
// but no more than its share while other slots are free. One until the mean is
// known: a wrong guess of 256 slow messages is a third of a second.
func (e *estimate) batch(slice time.Duration, ready, free int) int {
	if !e.known() {
		return 1
	}
	mean := max(e.mean, 1)
	most := min(float64(slice)/mean, MaxBatch)
	fair := max(float64((ready+free-1)/free), float64(share)/mean)
	return max(1, int(min(most, fair)))
}

package actors

import "time"

const (
	// fineTick is how often timers are looked at while the fineTicker runs. With 100
	// and 50 µs high messages wait as long, 2.0 to 2.5 ms at the median where it is
	// 3.0 to 3.5 without (make bench ARGS='-cases H').
	fineTick = 200 * time.Microsecond
	// fineFor is how long one start lasts: longer than the wait for a slot of a pool
	// that is quick enough for anybody to notice.
	fineFor = 4 * time.Millisecond
)

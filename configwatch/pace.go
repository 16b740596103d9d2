package configwatch

import "time"

const (
	// firstRetry is the wait after the first failure; it doubles with each.
	firstRetry = time.Second
	// slowest is where the doubling ends, unless Refresh is longer still.
	slowest = 30 * time.Second
	// spread is the part by which a wait may be shorter or longer, so that
	// instances that were started together don't ask together.
	spread = 0.1
)

// Next is how long to wait before the next look at the source: Refresh, or after
// failures in a row less at first and more later. random is from [0, 1).
func (c Config) Next(failures int, random float64) time.Duration {
	wait, most := c.Refresh.Std(), max(slowest, c.Refresh.Std())
	if failures > 0 {
		wait = min(firstRetry<<min(failures-1, 10), most)
	}
	return time.Duration(float64(wait) * (1 - spread + 2*spread*random))
}

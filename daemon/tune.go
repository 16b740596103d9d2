package daemon

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// garbage is how much may pile up between two collections. What lives is bounded
	// windows of messages, and what dies is much: with a part of what lives as the
	// measure, as is usual, a daemon with little in flight would collect all the time,
	// and one with much would hold three times as much.
	garbage = 8 << 20
	// leastPercent and mostPercent bound that as a part of what lives.
	leastPercent, mostPercent = 50, 1600
	// spareProcessors are there for calls that block inside the Kafka client,
	// commits and questions for the backlog, up to two for each consumer: each keeps
	// its processor until the runtime takes it away, 10 to 20 ms later, and what is
	// runnable waits. When they have all of them, nobody is left to look at the
	// timers and the whole daemon sleeps until then. While the poll loops waited in
	// there as well, 4 brought the 99th percentile of high messages' waits under load
	// from 20 ms to 6 and 11, and 22 to 5; since they wait outside, 6 are as good as
	// 22 (make bench ARGS='-cases H,I').
	spareProcessors = 6
)

// TuneRuntime sets what the environment doesn't of this process's collector and
// processors, as was measured to be best for a daemon. A program calls it before Start;
// a test, which shares its process, doesn't.
func TuneRuntime() {
	if os.Getenv("GOGC") == "" {
		newPacer().set()
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + spareProcessors)
	}
}

// pacer sets, after each collection, when the next one comes.
type pacer struct {
	live    []metrics.Sample
	percent int
}

func newPacer() *pacer {
	return &pacer{live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}
}

// set is called again behind the next collection, which finds its argument dead.
func (p *pacer) set() {
	metrics.Read(p.live)
	if percent := percentFor(p.live[0].Value.Uint64()); differs(percent, p.percent) {
		p.percent = percent
		debug.SetGCPercent(percent)
	}
	runtime.SetFinalizer(&struct{ p *pacer }{p}, func(*struct{ p *pacer }) { p.set() })
}

// percentFor is GOGC's value for so many bytes that live.
func percentFor(live uint64) int {
	return int(min(max(garbage*100/max(live, 1), leastPercent), mostPercent))
}

// differs is false for what isn't worth a stop of the world.
func differs(a, b int) bool { return 10*a > 11*b || 11*a < 10*b }

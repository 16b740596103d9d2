package daemon

import (
	"os"
	"runtime"
	"runtime/debug"
)

const (
	// gcPercent lets the collector wait until the heap has grown three-fold. What
	// lives is small (bounded windows of messages, about 20 MiB for 12 consumers)
	// and what dies is much; five-fold saved little more CPU and cost 40 MiB.
	gcPercent = 200
	// spareProcessors are there for calls that block inside the Kafka client,
	// commits and questions for the backlog, up to two for each consumer: each keeps
	// its processor until the runtime takes it away, 10 to 20 ms later, and what is
	// runnable waits. When they have all of them, nobody is left to look at the
	// timers and the whole daemon sleeps until then. On two cores with three levels,
	// 4 brought the 99th percentile of high messages' waits under load from 20 ms to
	// 6 and 11, 22 to 5.
	spareProcessors = 22
)

// TuneRuntime sets what the environment doesn't of this process's collector and
// processors, as was measured to be best for a daemon. A program calls it before Start;
// a test, which shares its process, doesn't.
func TuneRuntime() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + spareProcessors)
	}
}

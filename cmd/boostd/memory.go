package main

import (
	"os"
	"runtime/debug"
)

// gcPercent lets the collector wait until the heap has grown three-fold. What
// lives is small (bounded windows of messages, about 20 MiB for 12 consumers)
// and what dies is much; five-fold saved little more CPU and cost 40 MiB.
const gcPercent = 200

// tuneMemory sets what the environment doesn't.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

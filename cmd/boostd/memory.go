package main

import (
	"os"
	"runtime/debug"
)

// gcPercent lets the collector wait until the heap has grown five-fold. The
// heap is small and short-lived (bounded windows of messages): fewer collections
// took a quarter off the CPU per message and cost some tens of MiB.
const gcPercent = 400

// tuneMemory sets what the environment doesn't.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

package sdk

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/kafkaboost/boostd/plugins/wire"
)

const (
	// maxStack bounds the stack of a panic, in bytes.
	maxStack = 16 << 10
	// stackBurst is how many stacks of panics are written at once, and one more each
	// second: a handler that panics for every message would do little else.
	stackBurst = 10
)

// stacks is what all goroutines stand at, cut to what the protocol carries.
func stacks() string {
	buffer := make([]byte, wire.MaxStacks)
	return strings.ToValidUTF8(string(buffer[:runtime.Stack(buffer, true)]), "")
}

var complaints struct {
	mu     sync.Mutex
	tokens float64
	at     time.Time
	silent int
}

// complain writes a panic with its stack to standard error.
func complain(err error) {
	c := &complaints
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.at.IsZero() {
		c.tokens = stackBurst
	}
	c.tokens = min(c.tokens+now.Sub(c.at).Seconds(), stackBurst)
	c.at = now
	if c.tokens < 1 {
		c.silent++
		return
	}
	c.tokens--
	if c.silent > 0 {
		fmt.Fprintf(os.Stderr, "%d more panics weren't written\n", c.silent)
		c.silent = 0
	}
	stack := debug.Stack()
	fmt.Fprintf(os.Stderr, "%s\n%s\n", bounded(err.Error(), maxStack), stack[:min(len(stack), maxStack)])
}

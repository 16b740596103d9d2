package plugins

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"github.com/kafkaboost/boostd"
)

// Limits are what a program may use.
type Limits struct {
	// Nice is added to the daemon's own niceness: 0 to 19, the higher the less urgent.
	Nice int
	// Memory is the resident memory from which it is ended; 0 is no limit.
	Memory boostd.Bytes
}

// apply sets what the kernel sees to, as soon as the program has been started.
func (l Limits) apply(pid int) error {
	if l.Nice == 0 {
		return nil
	}
	own, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	if err != nil {
		return fmt.Errorf("read niceness: %w", err)
	}
	const origin = 20 // the system call counts downward from it
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, pid, min(origin-own+l.Nice, 19)); err != nil {
		return fmt.Errorf("set niceness: %w", err)
	}
	return nil
}

// resident is how much memory a process uses, 0 where that isn't known.
func resident(pid int) boostd.Bytes {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64) // the kernel writes numbers
	return boostd.Bytes(pages * int64(os.Getpagesize()))
}

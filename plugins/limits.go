package plugins

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/kafkaboost/boostd"
)

// Limits are what a program may take of the machine.
type Limits struct {
	// Nice makes the program give way to others on a busy machine: 0 to 19, default 0.
	Nice int `yaml:"nice" schema:"0..19"`
	// Memory is the resident memory from which a process is ended, from 16MiB on,
	// default none. It is looked at four times a second; what it starts itself
	// doesn't count.
	Memory boostd.Bytes `yaml:"memory"`
}

const (
	maxNice   = 19
	minMemory = 16 << 20
)

// validate reports what is wrong; section, with a dot at its end, is where the
// keys stand.
func (l Limits) validate(section string) []error {
	var errs []error
	if l.Nice < 0 || l.Nice > maxNice {
		errs = append(errs, fmt.Errorf("%snice: %d: want 0 to %d", section, l.Nice, maxNice))
	}
	if l.Memory != 0 && l.Memory < minMemory {
		errs = append(errs, fmt.Errorf("%smemory: %v: want at least %v", section, l.Memory, boostd.Bytes(minMemory)))
	}
	return errs
}

// apply sets what the kernel sees to, of a process that was just started: what it does
// before, within a fraction of a millisecond mostly, isn't bound by it. Where it leads
// a group that holds for what it has started already, too. A process that has ended
// needs none.
func (l Limits) apply(pid int) error {
	if l.Nice == 0 {
		return nil
	}
	// The kernel has a nice value for each thread: by its group all of a process's
	// are reached, by its pid the first one alone.
	which := unix.PRIO_PROCESS
	if group, err := unix.Getpgid(pid); err == nil && group == pid {
		which = unix.PRIO_PGRP
	}
	// The answer is 20 less the nice value. A daemon that is nicer itself, and its
	// programs with it, can't take that back.
	if now, err := unix.Getpriority(which, pid); err == nil && 20-now >= l.Nice {
		return nil
	}
	if err := unix.Setpriority(which, pid, l.Nice); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("set nice value of process %d: %w", pid, err)
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

// over says that a process uses more memory than it may; empty when it doesn't.
func (l Limits) over(pid int) string {
	if used := resident(pid); used > l.Memory {
		return fmt.Sprintf("it uses %d MiB of memory: more than process.memory allows (%v)", used>>20, l.Memory)
	}
	return ""
}

package plugins

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/kafkaboost/boostd"
)

// Limits are what a program may take of the machine. They are set right after its
// start: what it does before, within a fraction of a millisecond mostly, isn't
// bound by them. What it starts itself later has the same.
type Limits struct {
	// Nice makes the program give way to others on a busy machine: 0 to 19, default 0.
	Nice int `yaml:"nice" schema:"0..19"`
	// Memory bounds the address space of each process, from 16MiB on, default none.
	// What is reserved counts, used or not: some runtimes reserve gigabytes.
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

// apply sets the limits of a process that was just started. Where it leads a group
// they hold for what it has started already, too, as far as nice goes; memory is
// each process's own. A process that has ended needs none.
func (l Limits) apply(pid int) error {
	if l.Memory != 0 {
		limit := unix.Rlimit{Cur: uint64(l.Memory), Max: uint64(l.Memory)}
		if err := unix.Prlimit(pid, unix.RLIMIT_AS, &limit, nil); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("limit memory of process %d: %w", pid, err)
		}
	}
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

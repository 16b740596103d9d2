package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what the processes of a group have used. A contestant may be more than one
// process: what starts it, and what it is.
type usage struct {
	// cpu is user and system time of all threads, the ended ones too.
	cpu time.Duration
	// peak is the most resident memory that each ever had, added up, in MiB.
	peak float64
}

// usageOf looks at the processes of a group that haven't ended.
func usageOf(group int) (u usage, err error) {
	pids, err := members(group)
	if err != nil {
		return u, err
	}
	for _, pid := range pids {
		cpu, err := cpuOf(pid)
		if err != nil {
			continue // it has ended since
		}
		u.cpu += cpu
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue
		}
		mib, err := peakIn(string(text))
		if err != nil {
			return u, err
		}
		u.peak += mib
	}
	if u.cpu == 0 {
		return u, fmt.Errorf("look at process group %d: nothing of it runs", group)
	}
	return u, nil
}

// members are the processes of a group.
func members(group int) (pids []int, err error) {
	entries, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	for _, path := range entries {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended since
		}
		if g, ok := groupIn(string(text)); ok && g == group {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids, nil
}

// groupIn reads the process group from /proc/PID/stat, the third field behind the
// name, which may hold blanks and parentheses itself.
func groupIn(stat string) (int, bool) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 3 {
		return 0, false
	}
	group, err := strconv.Atoi(fields[2])
	return group, err == nil
}

// peakIn reads the highest resident memory from /proc/PID/status, in MiB; a process
// that has ended and not been waited for has none.
func peakIn(status string) (float64, error) {
	for line := range strings.Lines(status) {
		rest, ok := strings.CutPrefix(line, "VmHWM:")
		if !ok {
			continue
		}
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			return 0, fmt.Errorf("read VmHWM: no number in %q", line)
		}
		kib, err := strconv.Atoi(fields[0])
		if err != nil {
			return 0, fmt.Errorf("read VmHWM: %w", err)
		}
		return float64(kib) / 1024, nil
	}
	return 0, nil
}

// cpuOf reads the clock that the kernel keeps of a process's CPU time. It counts
// nanoseconds, where /proc/PID/stat has hundredths of a second: too coarse for a
// process that does nothing.
func cpuOf(pid int) (time.Duration, error) {
	const schedulerTime = 2 // CPUCLOCK_SCHED of the kernel's posix-timers.h
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|schedulerTime), &ts); err != nil {
		return 0, fmt.Errorf("read CPU time of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

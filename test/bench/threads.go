package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// threads are CPU times by the threads' names.
type threads map[string]time.Duration

// threadsOf looks at a process's threads. librdkafka names its own rdk:…; the others, Go's,
// have the program's name.
func threadsOf(pid int) (threads, error) {
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil {
		return nil, fmt.Errorf("list threads of process %d: %w", pid, err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("list threads of process %d: it has none any more", pid)
	}
	all := threads{}
	for _, path := range paths {
		name, err := os.ReadFile(filepath.Join(path, "comm"))
		if err != nil {
			continue // it has ended since
		}
		spent, err := os.ReadFile(filepath.Join(path, "schedstat"))
		if err != nil {
			continue
		}
		ns, err := strconv.ParseInt(strings.Fields(string(spent) + " 0")[0], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read CPU time of a thread of process %d: %w", pid, err)
		}
		all[threadName(strings.TrimSpace(string(name)))] += time.Duration(ns)
	}
	return all, nil
}

// threadName puts librdkafka's threads of one kind together: rdk:broker1 and rdk:broker2.
func threadName(name string) string {
	if rest, ok := strings.CutPrefix(name, "rdk:"); ok {
		return "librdkafka's thread " + strings.TrimRight(rest, "0123456789-")
	}
	return "Go's threads, calls into librdkafka included"
}

func (t threads) table(messages int) string {
	var b strings.Builder
	for _, name := range sorted(t) {
		fmt.Fprintf(&b, "%7.3f s  %6.3f µs/message  %s\n", t[name].Seconds(), float64(t[name].Nanoseconds())/1e3/float64(messages), name)
	}
	return b.String()
}

package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// topRow is a function's line in what `go tool pprof -top` prints.
type topRow struct {
	share float64 // percent of all, of itself alone
	name  string
}

// parseTop reads the lines behind the table's head, and says how many come before them.
func parseTop(text string) (rows []topRow, head int) {
	for n, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) > 4 && fields[0] == "flat" {
			head = n + 1
			continue
		}
		if head == 0 || len(fields) < 6 {
			continue
		}
		share, err := strconv.ParseFloat(strings.TrimSuffix(fields[1], "%"), 64)
		if err == nil {
			rows = append(rows, topRow{share, strings.Join(fields[5:], " ")})
		}
	}
	return rows, head
}

// ownership is whose a function is: the first that fits.
var ownership = []struct {
	owner string
	marks []string
}{
	{"librdkafka, and the way into it", []string{"runtime.cgocall", "runtime.asmcgocall", "runtime._ExternalCode", "_Cfunc_", "_cgo", "rd_kafka", "[librdkafka"}},
	{"the client's Go side", []string{"confluent-kafka-go"}},
	{"the benchmark's own counting", []string{"main.", "boostd/test/bench"}},
	{"boostd", []string{"github.com/kafkaboost/boostd"}},
	{"the actor system", []string{"protoactor-go"}},
	{"Go's collector and allocator", []string{"runtime.gc", "runtime.(*gc", "runtime.scan", "runtime.malloc", "runtime.mark", "runtime.grey", "runtime.bgsweep", "runtime.(*mcache)",
		"runtime.(*mcentral)", "runtime.(*mheap)", "runtime.(*mspan)", "runtime.(*sweep", "runtime.newobject", "runtime.heap", "runtime.wbBuf", "runtime.nextFree", "runtime.memclr", "runtime.tryDefer", "runtime.findObject", "runtime.spanOf"}},
}

func ownerOf(name string) string {
	for _, o := range ownership {
		for _, mark := range o.marks {
			if strings.HasPrefix(name, mark) || strings.Contains(mark, "-go") && strings.Contains(name, mark) ||
				strings.HasPrefix(mark, "_") && strings.Contains(name, mark) || strings.Contains(mark, "boostd") && strings.Contains(name, mark) {
				return o.owner
			}
		}
	}
	return "Go's scheduler, standard library and the rest"
}

// shares are percent, by owner.
type shares map[string]float64

func owners(rows []topRow) shares {
	all := shares{}
	for _, r := range rows {
		all[ownerOf(r.name)] += r.share
	}
	return all
}

func (s shares) table() string {
	var b strings.Builder
	for _, name := range sorted(s) {
		fmt.Fprintf(&b, "%6.1f %%  %s\n", s[name], name)
	}
	return b.String()
}

// sorted are the keys, the largest value first.
func sorted[V cmp.Ordered](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
	return names
}

// threads are CPU times by the threads' names.
type threads map[string]time.Duration

// threadsOf looks at a process's threads. librdkafka names its own rdk:…; the others, Go's,
// have the program's name.
func threadsOf(pid int) (threads, error) {
	paths, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("list threads of process %d: %d found: %w", pid, len(paths), err)
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

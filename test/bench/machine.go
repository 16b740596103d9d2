package main

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"golang.org/x/sys/unix"

	"github.com/kafkaboost/boostd/test/bench/report"
	"github.com/kafkaboost/boostd/test/kafkatest"
)

// machine is what the run runs on. What can't be found is "".
func machine(ctx context.Context, all []report.Contestant) report.Machine {
	_, client := kafka.LibraryVersion()
	version := func(name string) string {
		for _, c := range all {
			if c.Name == name {
				return number.FindString(c.What)
			}
		}
		return ""
	}
	return report.Machine{
		CPU: cpuName(read("/proc/cpuinfo")), Cores: runtime.NumCPU(), Memory: gibibytes(read("/proc/meminfo")), Kernel: kernel(),
		Kafka: kafkatest.Version(), Go: runtime.Version(), Client: client, Franz: moduleVersion("github.com/twmb/franz-go"),
		Java:   javaVersion(ctx),
		Python: strings.TrimPrefix(firstLine(ctx, "python3", "--version"), "Python "),
		// The projects that are built for the run name these, and so does what is said of them.
		Partner: version(parallelConsumer), Boost: version(kafkaBoost),
	}
}

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}

var modelName = regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`)

// number is a version in a text.
var number = regexp.MustCompile(`\d+(\.\d+)+`)

// cpuName reads it from /proc/cpuinfo.
func cpuName(info string) string {
	if found := modelName.FindStringSubmatch(info); found != nil {
		return strings.TrimSpace(found[1])
	}
	return runtime.GOARCH
}

// gibibytes reads the memory's size from /proc/meminfo, to a tenth.
func gibibytes(info string) float64 {
	for line := range strings.Lines(info) {
		fields := strings.Fields(line)
		if len(fields) >= 2 && fields[0] == "MemTotal:" {
			kib, err := strconv.ParseFloat(fields[1], 64)
			if err == nil {
				return float64(int(kib/1024/1024*10+0.5)) / 10
			}
		}
	}
	return 0
}

func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}

func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	return ""
}

func javaVersion(ctx context.Context) string {
	path, err := kafkatest.Java()
	if err != nil {
		return ""
	}
	return firstLine(ctx, path, "-version")
}

// firstLine is what a program says about itself.
func firstLine(ctx context.Context, path string, args ...string) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, args...).CombinedOutput()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line)
}

// commit is the one that is checked out, with "-dirty" where files have changed.
func commit(ctx context.Context) string {
	return firstLine(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
}

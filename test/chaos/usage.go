package chaos

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Resource is what a process may leak.
type Resource string

// The resources, each with its unit.
const (
	Memory      Resource = "RSS in MiB"
	Goroutines  Resource = "goroutines"
	Descriptors Resource = "descriptors"
	Threads     Resource = "threads"
)

// Usage is what a process uses of each.
type Usage map[Resource]float64

// Measure looks at a process, and at the metrics of its console.
func Measure(pid int, console string) (Usage, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return nil, fmt.Errorf("measure process: %w", err)
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return nil, fmt.Errorf("measure process: %w", err)
	}
	u := Usage{Descriptors: float64(len(open))}
	for text := range strings.Lines(string(status)) {
		name, rest, _ := strings.Cut(text, ":")
		fields := strings.Fields(rest)
		switch name {
		case "VmRSS":
			u[Memory], err = strconv.ParseFloat(fields[0], 64)
			u[Memory] /= 1024
		case "Threads":
			u[Threads], err = strconv.ParseFloat(fields[0], 64)
		}
		if err != nil {
			return nil, fmt.Errorf("measure process: %w", err)
		}
	}
	u[Goroutines], err = metric(console, "go_goroutines")
	return u, err
}

// metric is a metric without labels.
func metric(console, name string) (float64, error) {
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	answer, err := client.Get(console + "/metrics")
	if err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("read metrics: %s says %s, without %s", console, answer.Status, name)
}

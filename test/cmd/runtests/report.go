package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// quiet is how long nothing may be printed.
const quiet = 30 * time.Second

// event is one line of go test -json: see go doc test2json.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// report shows a run and counts its cases. A case is a test without subtests,
// or a test or package that failed although nothing in it did.
type report struct {
	out                     io.Writer
	start, printed          time.Time
	suites                  map[string]*suite
	passed, failed, skipped int
	failures                []string
	missing                 map[string]int // cases by why they were not run
	finished                []*test        // top-level tests
}

func newReport(out io.Writer) *report {
	return &report{out: out, start: time.Now(), printed: time.Now(), suites: map[string]*suite{}, missing: map[string]int{}}
}

func (r *report) print(format string, args ...any) {
	r.printed = time.Now()
	fmt.Fprintf(r.out, format, args...)
}

// line takes one line of the stream; what isn't an event is shown as it is.
func (r *report) line(line []byte) {
	var e event
	if !bytes.HasPrefix(line, []byte("{")) || json.Unmarshal(line, &e) != nil {
		e = event{Output: string(line)}
	}
	if e.Package == "" { // of a build: compiler, linker and vet
		r.print("%s", e.Output)
		return
	}
	s := r.suites[e.Package]
	if s == nil {
		s = &suite{name: e.Package, tests: map[string]*test{}}
		r.suites[e.Package] = s
	}
	switch ends := e.Action == "pass" || e.Action == "fail" || e.Action == "skip"; {
	case ends && e.Test == "":
		r.endSuite(s, e)
	case ends:
		r.endTest(s.test(e.Test), e)
	case e.Test == "":
		s.output.WriteString(e.Output)
	default:
		s.test(e.Test).output.WriteString(e.Output)
	}
}

func (r *report) endTest(t *test, e event) {
	t.ended, t.elapsed = true, e.Elapsed
	if t.up == nil {
		r.finished = append(r.finished, t)
	}
	switch {
	case e.Action == "fail":
		r.fail(t, "")
	case e.Action == "skip":
		r.skipped++
		t.suite.cases++
		r.missing[t.whySkipped()]++
	case !t.parent:
		r.passed++
		t.suite.cases++
	}
	if !t.alarming() {
		t.output.Reset()
	}
}

// fail shows a test's output, and counts it unless one of its own subtests has
// been counted.
func (r *report) fail(t *test, note string) {
	t.suite.failed = true
	name := t.suite.short() + " " + t.name + note
	if text := t.shown(); !t.failedBelow || text != "" {
		r.print("\nFAIL  %s\n%s\n", name, text)
	}
	t.output.Reset()
	if t.failedBelow {
		return
	}
	r.failed++
	t.suite.cases++
	r.failures = append(r.failures, name)
	for up := t.up; up != nil; up = up.up {
		up.failedBelow = true
	}
}

// endSuite is the end of a package. What hasn't ended by now never will: a
// panic or a timeout took it along.
func (r *report) endSuite(s *suite, e event) {
	s.ended = true
	for _, t := range slices.Backward(s.order) { // a subtest before its test
		if !t.ended {
			r.fail(t, " (did not finish)")
		}
	}
	if e.Action == "fail" {
		if !s.failed {
			r.failed++
			r.failures = append(r.failures, s.short())
		}
		r.print("%s", s.shown())
	}
	if e.Action == "fail" || s.cases > 0 {
		r.print("%-4s %7.1fs %5d  %s\n", map[string]string{"pass": "ok", "fail": "FAIL"}[e.Action], e.Elapsed, s.cases, s.short())
	}
}

// beat shows a sign of life when nothing has been printed for a while.
func (r *report) beat(now time.Time) {
	if now.Sub(r.printed) < quiet {
		return
	}
	running := ""
	for _, name := range slices.Sorted(maps.Keys(r.suites)) {
		if s := r.suites[name]; !s.ended && len(s.order) > 0 {
			running += "  " + s.short() + " " + s.order[len(s.order)-1].name
		}
	}
	r.print("…    %7.1fs %5d%s\n", now.Sub(r.start).Seconds(), r.passed+r.failed, running)
}

// finish prints the end of the report and returns the exit code. The numbers
// stand in the last line.
func (r *report) finish(code int, ci bool) int {
	for _, name := range slices.Sorted(maps.Keys(r.suites)) {
		if s := r.suites[name]; !s.ended {
			r.endSuite(s, event{Action: "fail"})
		}
	}
	slices.SortStableFunc(r.finished, func(a, b *test) int { return int(1000 * (b.elapsed - a.elapsed)) })
	for _, t := range r.finished[:min(5, len(r.finished))] {
		if t.elapsed >= 1 {
			r.print("slowest: %.1fs %s %s\n", t.elapsed, t.suite.short(), t.name)
		}
	}
	for _, f := range r.failures {
		r.print("failed: %s\n", f)
	}
	for _, why := range slices.Sorted(maps.Keys(r.missing)) {
		cases := "cases"
		if r.missing[why] == 1 {
			cases = "case"
		}
		r.print("NOT RUN: %d %s (%s)\n", r.missing[why], cases, why)
	}
	none := r.passed+r.failed+r.skipped == 0
	if none {
		r.print("no test ran\n")
	}
	r.print("%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
	if code == 0 && (none || r.failed > 0 || ci && r.skipped > 0) {
		return 1
	}
	return code
}

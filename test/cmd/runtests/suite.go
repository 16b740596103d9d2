package main

import (
	"regexp"
	"strings"
)

// suite is the tests of one package.
type suite struct {
	name          string
	output        strings.Builder // of no test: TestMain, and go test's own lines
	tests         map[string]*test
	order         []*test // as they were started
	cases         int
	failed, ended bool
}

// test is one test, fuzz test or example, or a subtest.
type test struct {
	name        string
	suite       *suite
	up          *test // the test that it is a subtest of
	output      strings.Builder
	parent      bool // has subtests
	failedBelow bool // a subtest was counted as failed
	ended       bool
	elapsed     float64
}

const module = "github.com/kafkaboost/boostd"

// short is the package's path below the module's.
func (s *suite) short() string {
	if s.name == module {
		return "the root"
	}
	return strings.TrimPrefix(s.name, module+"/")
}

// test returns a test, which begins to exist when it is first heard of.
func (s *suite) test(name string) *test {
	if t := s.tests[name]; t != nil {
		return t
	}
	t := &test{name: name, suite: s}
	if cut := strings.LastIndexByte(name, '/'); cut >= 0 {
		t.up = s.test(name[:cut])
		t.up.parent = true
	}
	s.tests[name], s.order = t, append(s.order, t)
	return t
}

var (
	ownLine = regexp.MustCompile(`(?m)^(PASS|FAIL|testing: warning: no tests to run|(ok  |FAIL|\?   )\t.*)\n`)
	frame   = regexp.MustCompile(`(?m)^=== (RUN|PAUSE|CONT|NAME)\b.*\n`)
	verdict = regexp.MustCompile(`^--- .*\n$`)
	alarm   = regexp.MustCompile(`WARNING: DATA RACE|panic: |fatal error: `)
	notRun  = regexp.MustCompile(`NOT RUN: (.*)`)
	logged  = regexp.MustCompile(`(?m)^ +[^ :]+\.go:\d+: ((?s:.*))^--- SKIP`)
)

// shown is what the package printed itself, with the output of passed tests in
// which something went wrong that go test may have blamed on another one.
func (s *suite) shown() string {
	var b strings.Builder
	for _, t := range s.order {
		b.WriteString(t.shown())
	}
	return b.String() + ownLine.ReplaceAllString(s.output.String(), "")
}

// shown is the output without go test's frame; nothing when there is no more.
func (t *test) shown() string {
	text := frame.ReplaceAllString(t.output.String(), "")
	if verdict.MatchString(text) {
		return ""
	}
	return text
}

// alarming output is kept although the test has passed.
func (t *test) alarming() bool { return alarm.MatchString(t.output.String()) }

// whySkipped is what stands behind NOT RUN, or the last thing that was logged.
func (t *test) whySkipped() string {
	text := t.output.String()
	if m := notRun.FindStringSubmatch(text); m != nil {
		return strings.TrimSpace(m[1])
	}
	if m := logged.FindStringSubmatch(text); m != nil {
		return strings.Join(strings.Fields(m[1]), " ")
	}
	return "skipped without a reason"
}

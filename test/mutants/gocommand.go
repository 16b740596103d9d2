package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// testTimeout bounds one run of tests: a bug may be one that makes them hang.
const testTimeout = "4m"

// goCommand runs the go command of a module, with an overlay if there is one.
type goCommand struct {
	root, overlay string
}

// command lets tests that build a program see the overlay too.
func (g goCommand) command(args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Dir = g.root
	cmd.Env = os.Environ()
	if g.overlay != "" {
		cmd.Env = append(cmd.Env, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+g.overlay))
	}
	return cmd
}

// build fails for a bug that doesn't compile: that would be found by everybody.
func (g goCommand) build(pkg string) error {
	if out, err := g.command("build", "./"+pkg).CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return nil
}

var (
	failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (\w+)`)
	running = regexp.MustCompile(`(?m)^=== (?:RUN|CONT|NAME) +(\w+)`)
)

// test returns the name of the test that failed, "" when all pass. Of a panic or
// a timeout it is the one that ran.
func (g goCommand) test(s suite) (failed string, err error) {
	out, err := g.command("test", "-v", "-count=1", "-failfast", "-timeout", testTimeout,
		"-run", "^("+strings.Join(s.run, "|")+")$", "./"+s.pkg).CombinedOutput()
	var exit *exec.ExitError
	switch text := string(out); {
	case err == nil && strings.Contains(text, "[no tests to run]"):
		return "", fmt.Errorf("test %s: there are no tests %s", s.pkg, strings.Join(s.run, ", "))
	case err == nil:
		return "", nil
	case !errors.As(err, &exit):
		return "", fmt.Errorf("test %s: %w", s.pkg, err)
	case strings.Contains(text, "[build failed]") || strings.Contains(text, "[setup failed]"):
		return "", fmt.Errorf("test %s: %s", s.pkg, text)
	default:
		if named := failure.FindStringSubmatch(text); named != nil {
			return named[1], nil
		}
		begun := running.FindAllStringSubmatch(text, -1)
		if begun == nil {
			return "", fmt.Errorf("test %s: %w\n%s", s.pkg, err, text)
		}
		return begun[len(begun)-1][1], nil
	}
}

// passWithoutBug runs the tests of all bugs on the sources as they are: a test
// that fails anyway catches nothing. One that fails once may have had a busy
// machine.
func passWithoutBug(root string, mutants []mutant) error {
	runs := map[string][]string{}
	var order []string
	for _, m := range mutants {
		for _, s := range m.tests {
			if runs[s.pkg] == nil {
				order = append(order, s.pkg)
			}
			for _, name := range s.run {
				if !slices.Contains(runs[s.pkg], name) {
					runs[s.pkg] = append(runs[s.pkg], name)
				}
			}
		}
	}
	for _, pkg := range order {
		g, s := goCommand{root: root}, suite{pkg, runs[pkg]}
		failed, err := g.test(s)
		if failed != "" {
			fmt.Fprintf(os.Stderr, "%s in %s has failed without a bug, and is tried again\n", failed, pkg)
			failed, err = g.test(s)
		}
		if err != nil {
			return err
		}
		if failed != "" {
			return fmt.Errorf("%s in %s fails without a bug: mend that first", failed, pkg)
		}
	}
	return nil
}

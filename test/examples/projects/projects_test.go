// Package projects does what the README of the Go example says, and what the READMEs of
// new projects say.
package projects

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

const root = "../../.."

// boostd is the command, in a folder of its own that may be put into PATH.
var boostd = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "boostd-projects")
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "boostd"), "./cmd/boostd")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("build boostd: %w\n%s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := boostd(); dir != "" {
		_ = err // a test has told it
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// commands are what a README tells to run.
func commands(t *testing.T, readme string) string {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile("(?ms)^```(?:sh)?\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 {
		t.Fatalf("%s has no commands", readme)
	}
	return strings.Join(all, "")
}

// run runs commands as a person would, with boostd in PATH, and returns what they print.
func run(t *testing.T, dir, script string) string {
	t.Helper()
	command, err := boostd()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+command+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\nprints\n%s", err, script, out)
	}
	return string(out)
}

// passes looks for the good end of `boostd handlers check`.
func passes(t *testing.T, out string) {
	t.Helper()
	if !regexp.MustCompile(`(?m)^\S+ passes all \d\d cases$`).MatchString(out) || strings.Contains(out, "FAIL") {
		t.Errorf("it prints\n%s", out)
	}
}

func TestGoExample(t *testing.T) {
	out := run(t, root, commands(t, filepath.Join(root, "examples/go/README.md")))
	passes(t, out)
	if !strings.Contains(out, "ok    a message arrives as it was\n") {
		t.Errorf("the README doesn't look at the results:\n%s", out)
	}
}

// A new project in Go builds, passes its test, and is a plugin. Until boostd is
// published its module stands for the one that go mod tidy would fetch; its own go.sum
// saves asking for other modules than those that are used.
func TestNewGo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "orders")
	run(t, root, "boostd handlers new --lang go "+dir)
	module, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	run(t, dir, "cp "+module+"/go.sum . && go mod edit -replace github.com/kafkaboost/boostd="+module+
		" -require github.com/kafkaboost/boostd@v0.0.0")
	script, tidies := strings.CutPrefix(commands(t, filepath.Join(dir, "README.md")), "go mod tidy ")
	if !tidies {
		t.Fatal("the README doesn't begin with go mod tidy")
	}
	_, script, _ = strings.Cut(script, "\n")
	out := run(t, dir, "export GOFLAGS='-mod=mod -buildvcs=false'\n"+script)
	passes(t, out)
	if !regexp.MustCompile(`(?m)^ok\s+orders\s`).MatchString(out) {
		t.Errorf("its test doesn't pass:\n%s", out)
	}
	run(t, dir, "export GOFLAGS='-mod=mod -buildvcs=false'\ntest -z \"$(gofmt -l .)\"\ngo vet ./...")
}

// A new project in Python passes its test, and is a plugin.
func TestNewPython(t *testing.T) {
	sdk, err := filepath.Abs(filepath.Join(root, "plugins/sdk/python"))
	if err != nil {
		t.Fatal(err)
	}
	if exec.Command("python3", "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))").Run() != nil {
		t.Skip("NOT RUN: no venv for python3 of 3.10 or later")
	}
	dir := filepath.Join(t.TempDir(), "orders")
	run(t, root, "boostd handlers new --lang python "+dir)
	const install = "venv/bin/pip install -r requirements.txt"
	script := commands(t, filepath.Join(dir, "README.md"))
	if !strings.Contains(script, install) {
		t.Fatalf("the README doesn't say %s", install)
	}
	// The package isn't published yet: the README says what to do with a checkout.
	script = strings.Replace(script, install, "venv/bin/pip install --quiet "+sdk+"\n"+install+" --quiet", 1)
	out := run(t, dir, script)
	passes(t, out)
	if !strings.Contains(out, " passed") {
		t.Errorf("its test doesn't pass:\n%s", out)
	}
}

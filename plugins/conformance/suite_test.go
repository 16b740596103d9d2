package conformance

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// Every flaw is found, and only that one; the words say what it is and what to do.
func TestFlaws(t *testing.T) {
	const (
		starts  = "it starts and prints its handshake within 10 s"
		batch   = "256 messages in a batch are answered"
		unknown = "Cancel of ids that it doesn't know is ignored"
		closes  = "when boostd closes its side, the results come and the stream ends"
	)
	all := func(but ...string) (names []string) {
		for _, c := range protocol() {
			if !slices.Contains(but, c.name) {
				names = append(names, c.name)
			}
		}
		return names
	}
	for flaw, c := range map[string]struct {
		fails []string
		says  []string
	}{
		"none":         {},
		"noisy":        {[]string{starts}, []string{`"connecting to the warehouse"`, "logs go to standard error"}},
		"dies":         {[]string{starts}, []string{"exit status 3 before the handshake", "no warehouse"}},
		"by-hand":      {[]string{starts}, []string{"start by hand", wire.CookieValue}},
		"tcp":          {[]string{starts}, []string{"the handshake is for grpc over tcp"}},
		"elsewhere":    {[]string{starts}, []string{"PLUGIN_UNIX_SOCKET_DIR"}},
		"unhealthy":    {[]string{"health says that it is serving"}, []string{"SERVING"}},
		"refuses":      {[]string{"Start is answered"}, []string{"no url in settings", "--settings"}},
		"forgets":      {[]string{batch}, []string{"no result for 1 of 256 messages"}},
		"stranger":     {[]string{batch}, []string{"which wasn't sent"}},
		"small":        {[]string{"a value of 4 MiB", "a batch of 16 MiB"}, []string{"larger than max"}},
		"crash":        {[]string{"a value of 4 MiB", "a batch of 16 MiB"}, []string{"exit status 2", "a plugin lives until boostd ends it"}},
		"cancel":       {[]string{unknown, "messages that are cancelled are answered once"}, []string{"nothing to cancel"}},
		"long-stacks":  {[]string{"Stacks is answered, or isn't there"}, []string{"262145 bytes"}},
		"no-stacks":    {[]string{"Stacks is answered, or isn't there"}, []string{"not now"}},
		"second-start": {[]string{"a second Start does no harm"}, []string{"a second Start isn't answered"}},
		"sigint":       {[]string{"SIGINT doesn't end it"}, []string{"Ctrl-C"}},
		"no-sigterm":   {[]string{"SIGTERM ends it within 2 s", "it leaves no processes and no sockets"}, []string{"SIGKILL two seconds later"}},
		"child":        {[]string{"it leaves no processes and no sockets"}, []string{"processes are left", "sh"}},
		"socket":       {[]string{"it leaves no processes and no sockets"}, []string{"remove the socket"}},
		"strict":       {[]string{"settings that it doesn't know are answered"}, []string{"without a text"}},
		"angry": {
			append(all("Stacks is answered, or isn't there"), "SIGINT doesn't end it"), []string{"end the call without an error", "why?"},
		},
	} {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel()
			results := check(t, flaw, Options{Patience: 5 * time.Second, grace: 100 * time.Millisecond})
			var failed []string
			var said strings.Builder
			for _, r := range results {
				if r.OK {
					if r.Problem != "" || r.Advice != "" || r.Output != "" {
						t.Errorf("well, and yet %+v", r)
					}
					continue
				}
				failed = append(failed, r.Case)
				said.WriteString(r.Problem + "\n" + r.Advice + "\n" + r.Output + "\n")
			}
			if !slices.Equal(failed, c.fails) {
				t.Errorf("failed\n%s\nwant\n%s\nsaid\n%s", strings.Join(failed, "\n"), strings.Join(c.fails, "\n"), said.String())
			}
			for _, text := range c.says {
				if !strings.Contains(said.String(), text) {
					t.Errorf("it says\n%s\nand not %q", said.String(), text)
				}
			}
		})
	}
}

// Flaws of every message would take long to be found by every case.
func TestFlawsOfAll(t *testing.T) {
	for flaw, says := range map[string]string{
		"twice": "a second result came", "forgets-all": "no result for 1 of 1 messages", "stays": "the stream doesn't end",
	} {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel()
			path := link(t, flaw)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			s := &suite{Options: Options{Path: path, Patience: 100 * time.Millisecond, grace: 100 * time.Millisecond}}
			defer s.end()
			if err := s.restart(ctx, nil); err != nil {
				t.Fatal(err)
			}
			ctx, cancel = context.WithTimeout(ctx, time.Second)
			defer cancel()
			n := 1
			if flaw == "twice" {
				n = 2
			}
			if err := tryMessages(many(n)...)(ctx, s); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("error %v, want %q", err, says)
			}
		})
	}
}

// A handler that does something else than the values say fails what looks at results.
func TestBehaviourIsLookedAt(t *testing.T) {
	var failed, passed []string
	for _, r := range check(t, "none", Options{Behaviour: true, Patience: 5 * time.Second}) {
		if r.OK {
			passed = append(passed, r.Case)
		} else {
			failed = append(failed, r.Case)
		}
	}
	for _, c := range behaviour() {
		// It says done to all, at once.
		well := c.name == "done"
		if slices.Contains(passed, c.name) != well || slices.Contains(failed, c.name) == well {
			t.Errorf("case %q: passed is %v, want %v", c.name, !well, well)
		}
	}
}

func TestNoPlugin(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("no interpreter"), 0o700); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		dir: "is a folder", file: "isn't executable", script: "exec format error", filepath.Join(dir, "none"): "no such file",
	} {
		results := run(t, Options{Path: path})
		if len(results) != 1 || results[0].OK || !strings.Contains(results[0].Problem, says) || results[0].Advice == "" {
			t.Errorf("%s: %+v, want %q", path, results, says)
		}
	}
}

// A run that is given up ends soon and leaves nothing.
func TestGivenUp(t *testing.T) {
	path := link(t, "forgets-all")
	ctx, cancel := context.WithCancel(t.Context())
	err := Run(ctx, Options{Path: path, Patience: time.Hour}, func(r Result) {
		if r.Case == "Start is answered" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	noneLeft(t, path)
}

// So does one that waits for a handshake.
func TestGivenUpEarly(t *testing.T) {
	path := link(t, "silent")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := Run(ctx, Options{Path: path}, func(r Result) { t.Errorf("a result: %+v", r) })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(began); took > startTime-time.Second {
		t.Errorf("it took %v", took)
	}
	noneLeft(t, path)
}

func noneLeft(t *testing.T, path string) {
	t.Helper()
	left, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, exe := range left {
		if target, err := os.Readlink(exe); err == nil && target == path {
			t.Errorf("%s still runs %s", exe, path)
		}
	}
}

// link is this test binary by the name of a flaw.
func link(t *testing.T, flaw string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), flaw)
	if err := os.Link(os.Args[0], path); err != nil {
		if err = copyFile(path, os.Args[0]); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func copyFile(to, from string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o700)
}

func check(t *testing.T, flaw string, o Options) []Result {
	t.Helper()
	o.Path = link(t, flaw)
	return run(t, o)
}

func run(t *testing.T, o Options) (results []Result) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := Run(ctx, o, func(r Result) { results = append(results, r) }); err != nil {
		t.Fatal(err)
	}
	return results
}

package main

import (
	"os/exec"
	"strings"
	"testing"
)

func TestCompletionScripts(t *testing.T) {
	for _, shell := range shells {
		script, err := execute(t, "completion", shell)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(script, "__complete") || !strings.Contains(script, "boostd") {
			t.Errorf("the script for %s asks boostd for nothing:\n%s", shell, script)
		}
	}
	for _, args := range [][]string{{}, {"csh"}, {"bash", "zsh"}} {
		_, err := execute(t, append([]string{"completion"}, args...)...)
		if codeOf(err) != exitUsage || !strings.Contains(err.Error(), "bash, zsh, fish") {
			t.Errorf("boostd completion %v: %v", args, err)
		}
	}
}

func TestBashTakesTheScript(t *testing.T) {
	script, err := execute(t, "completion", "bash")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-n")
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("bash: %v\n%s", err, out)
	}
}

func TestCompletionKnowsCommands(t *testing.T) {
	for _, c := range []struct{ typed, want string }{{"comp", "completion"}, {"ver", "version"}} {
		if offered, err := execute(t, "__complete", c.typed); err != nil || !strings.HasPrefix(offered, c.want) {
			t.Errorf("%s is completed to %q (%v), want %s", c.typed, offered, err, c.want)
		}
	}
	if offered, err := execute(t, "__complete", "completion", ""); err != nil || !strings.HasPrefix(offered, "bash\nzsh\nfish\n") {
		t.Errorf("shells: %q (%v)", offered, err)
	}
}

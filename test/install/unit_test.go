package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const unit = top + "/contrib/systemd/boostd.service"

// maxExposure is what systemd-analyze security may say, of 10.
const maxExposure = 1.5

func requireAnalyze(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("NOT RUN: no systemd-analyze")
	}
}

func TestUnitIsHardened(t *testing.T) {
	t.Parallel()
	requireAnalyze(t)
	out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", unit).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := regexp.MustCompile(`Overall exposure level for boostd.service: ([0-9.]+)`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("no score in\n%s", out)
	}
	if score, err := strconv.ParseFloat(string(found[1]), 64); err != nil || score > maxExposure {
		t.Errorf("the exposure is %s, want %.1f at most\n%s", found[1], maxExposure, out)
	}
}

// TestUnitIsValid: systemd understands every line of the unit, alone and with
// all that the drop-in offers.
func TestUnitIsValid(t *testing.T) {
	t.Parallel()
	requireAnalyze(t)
	boostd, err := binary()
	must(t, boostd, err)
	text := read(t, unit)
	if secret := regexp.MustCompile(`(?m)^#(LoadCredential\w*=)`); secret.MatchString(text) {
		text = secret.ReplaceAllString(text, "$1")
	} else {
		t.Error("the unit shows no credential")
	}
	text = strings.ReplaceAll(text, "/usr/bin/boostd", boostd)
	text = regexp.MustCompile(`(?m)^Documentation=.*\n`).ReplaceAllString(text, "") // the pages aren't installed here
	option := regexp.MustCompile(`(?m)^#([A-Z]\w+=)`)
	dropIn := option.ReplaceAllString(read(t, top+"/contrib/systemd/handlers-need-more.conf"), "$1")
	for name, extra := range map[string]string{"alone": "", "with the drop-in": dropIn} {
		dir := t.TempDir()
		path := filepath.Join(dir, "boostd.service")
		write(t, path, text)
		if extra != "" {
			write(t, filepath.Join(dir, "boostd.service.d", "handlers.conf"), extra)
		}
		cmd := exec.Command("systemd-analyze", "verify", "--recursive-errors=no", path)
		cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
		if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "boostd.service") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// TestUnitKnowsTheExitCodes: no restart after what a restart can't change.
func TestUnitKnowsTheExitCodes(t *testing.T) {
	for _, line := range []string{
		"Type=notify", "NotifyAccess=main", "WatchdogSec=30", "Restart=on-failure", "RestartPreventExitStatus=64 78",
		"TimeoutStopSec=45", "KillMode=mixed", "RuntimeDirectory=boostd", "StateDirectory=boostd",
	} {
		if !slices.Contains(strings.Split(read(t, unit), "\n"), line) {
			t.Errorf("the unit lacks %s", line)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden reports")

// The streams were recorded from small packages with go test -json.
func TestReport(t *testing.T) {
	for _, c := range []struct {
		stream             string
		exit               int // go test's
		local, ci          int
		passed, fail, skip string
	}{
		{"good", 0, 0, 0, "4", "0", "0"},
		{"skipped", 0, 0, 1, "5", "0", "6"},
		{"failed", 1, 1, 1, "8", "2", "0"},
		{"build", 1, 1, 1, "4", "1", "0"},
		{"panic", 1, 1, 1, "1", "1", "0"},
		{"race", 1, 1, 1, "0", "1", "0"},
		{"timeout", 1, 1, 1, "0", "1", "0"},
		{"testmain", 1, 1, 1, "1", "1", "0"},
		{"nothing", 0, 1, 1, "0", "0", "0"},
	} {
		t.Run(c.stream, func(t *testing.T) {
			stream, err := os.ReadFile(filepath.Join("testdata", c.stream+".json"))
			if err != nil {
				t.Fatal(err)
			}
			text, code := replay(stream, c.exit, false)
			if code != c.local {
				t.Errorf("exit code %d, want %d", code, c.local)
			}
			if _, code := replay(stream, c.exit, true); code != c.ci {
				t.Errorf("exit code where CI is set %d, want %d", code, c.ci)
			}
			lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
			want := c.passed + " passed, " + c.fail + " failed, " + c.skip + " skipped"
			if last := lines[len(lines)-1]; last != want {
				t.Errorf("last line %q, want %q", last, want)
			}
			golden(t, c.stream+".txt", text)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func replay(stream []byte, exit int, ci bool) (text string, code int) {
	var out bytes.Buffer
	r := newReport(&out)
	for line := range bytes.Lines(stream) {
		r.line(line)
	}
	code = r.finish(exit, ci)
	return out.String(), code
}

func TestExitCodeOfGoTestWins(t *testing.T) {
	stream := []byte(`{"Action":"skip","Package":"p","Test":"TestX"}` + "\n")
	for _, exit := range []int{1, 2, 130} {
		for _, ci := range []bool{false, true} {
			if _, code := replay(stream, exit, ci); code != exit {
				t.Errorf("exit code %d, want %d", code, exit)
			}
		}
	}
}

// A stream that breaks off is a failure of what was running, whatever the exit
// code says.
func TestStreamThatBreaksOff(t *testing.T) {
	stream, err := os.ReadFile("testdata/good.json")
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := bytes.Cut(stream, []byte(`"Action":"pass"`))
	text, code := replay(before, 0, false)
	if code != 1 || !strings.Contains(text, "failed: x/good TestA (did not finish)") {
		t.Errorf("exit code %d after\n%s", code, text)
	}
}

func TestLinesThatAreNoEvents(t *testing.T) {
	text, _ := replay([]byte("go: something\n{not json\n\n"), 1, false)
	if !strings.HasPrefix(text, "go: something\n{not json\n\n") {
		t.Errorf("got %q", text)
	}
}

// A race between parallel tests is printed by one and may be blamed on another.
func TestRaceThatAnotherTestPrinted(t *testing.T) {
	text, _ := replay([]byte(`{"Action":"output","Package":"p","Test":"TestA","Output":"WARNING: DATA RACE\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p"}
`), 1, false)
	if !strings.Contains(text, "WARNING: DATA RACE\n") || !strings.HasSuffix(text, "1 passed, 1 failed, 0 skipped\n") {
		t.Errorf("got\n%s", text)
	}
}

func TestSignOfLife(t *testing.T) {
	var out bytes.Buffer
	r := newReport(&out)
	r.line([]byte(`{"Action":"run","Package":"github.com/kafkaboost/boostd/test/e2e","Test":"TestLong/kafka"}`))
	r.beat(time.Now())
	if out.Len() > 0 {
		t.Errorf("printed %q too early", out.String())
	}
	r.beat(time.Now().Add(quiet))
	if ok := regexp.MustCompile(`^…  .* 0  test/e2e TestLong/kafka\n$`).MatchString(out.String()); !ok {
		t.Errorf("printed %q", out.String())
	}
}

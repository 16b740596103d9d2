package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"
)

func testLogger(t *testing.T, level hclog.Level) (hclog.Logger, *Levels, *bytes.Buffer) {
	t.Helper()
	var b bytes.Buffer
	l := newLevels(level)
	return newLogger(&hclog.LoggerOptions{Name: "boostd", Level: hclog.Trace, Output: &b, DisableTime: true}, l), l, &b
}

func TestRoomsHaveLevelsOfTheirOwn(t *testing.T) {
	top, levels, out := testLogger(t, hclog.Info)
	kafka := top.Named("kafka").With("level", 7).Named("client")
	scheduler := top.Named("scheduler")
	say := func() string {
		out.Reset()
		for _, l := range []hclog.Logger{top, kafka, scheduler} {
			l.Debug("d")
			l.Warn("w")
		}
		return strings.TrimSpace(out.String())
	}
	const warns = "[WARN]  boostd: w\n[WARN]  boostd.kafka.client: w: level=7\n[WARN]  boostd.scheduler: w"
	if got := say(); got != warns {
		t.Errorf("at info:\n%s", got)
	}
	if err := levels.SetLevel("kafka", "debug"); err != nil {
		t.Fatal(err)
	}
	if got := say(); strings.Count(got, "[DEBUG]") != 1 || !strings.Contains(got, "[DEBUG] boostd.kafka.client: d: level=7") {
		t.Errorf("kafka at debug:\n%s", got)
	}
	if !kafka.IsDebug() || kafka.IsTrace() || scheduler.IsDebug() || kafka.GetLevel() != hclog.Debug {
		t.Error("the loggers don't know their levels")
	}
	if err := levels.SetLevel("", "error"); err != nil {
		t.Fatal(err)
	}
	if got := say(); strings.Count(got, "\n") != 1 || strings.Contains(got, "scheduler") {
		t.Errorf("the rest at error:\n%s", got)
	}
	if got := fmt.Sprint(levels.Levels()); got != "map[:error kafka:debug]" {
		t.Errorf("levels are %s", got)
	}
}

// A change of the section sets what it says otherwise than before, and leaves what
// somebody has set meanwhile.
func TestChangeOfTheSection(t *testing.T) {
	old := Config{Level: "info", Rooms: map[string]string{"kafka": "debug", "probe": "warn", "worker": "trace"}}
	for name, c := range map[string]struct {
		next Config
		want string
	}{
		"nothing":  {old, "map[:error audit:trace kafka:error probe:warn worker:trace]"},
		"the rest": {Config{"warn", old.Rooms}, "map[:warn audit:trace kafka:error probe:warn worker:trace]"},
		"rooms":    {Config{"info", map[string]string{"kafka": "debug", "probe": "debug", "console": "warn"}}, "map[:error audit:trace console:warn kafka:error probe:debug]"},
		"none":     {Config{"info", nil}, "map[:error audit:trace]"},
	} {
		_, levels, _ := testLogger(t, hclog.Info)
		if err := levels.apply(old.Rooms); err != nil {
			t.Fatal(err)
		}
		for room, level := range map[string]string{"": "error", "kafka": "error", "audit": "trace"} { // by hand
			if err := levels.SetLevel(room, level); err != nil {
				t.Fatal(err)
			}
		}
		if err := levels.Change(old, c.next); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := fmt.Sprint(levels.Levels()); got != c.want {
			t.Errorf("%s: levels are %s, want %s", name, got, c.want)
		}
	}
	if err := newLevels(hclog.Info).ClearLevel("kitchen"); err == nil {
		t.Error("a room that there isn't has lost its level")
	}
}

func TestLevelsThatThereAreNot(t *testing.T) {
	_, levels, _ := testLogger(t, hclog.Info)
	for room, level := range map[string]string{"kafka": "loud", "kofka": "debug", "": "off"} {
		if err := levels.SetLevel(room, level); err == nil {
			t.Errorf("%q was set to %q", room, level)
		}
	}
	for _, o := range []Options{
		{Output: os.Stderr, Level: "loud"}, {Output: os.Stderr},
		{Output: os.Stderr, Config: Config{Level: "info", Rooms: map[string]string{"x": "info"}}},
	} {
		if _, _, err := New(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestWhatWasMeant(t *testing.T) {
	for word, want := range map[string]string{"kofka": `"kafka"`, "Scheduler": `"scheduler"`, "workers": `"worker"`, "payments": "", strings.Repeat("kafka", 1e6): ""} {
		err := checkRoom(word)
		if err == nil || len(err.Error()) > 300 || strings.Contains(err.Error(), "did you mean "+want) != (want != "") {
			t.Errorf("%.40q: %v", word, err)
		}
	}
	if err := CheckLevel("warning"); err == nil || !strings.HasSuffix(err.Error(), "error") {
		t.Errorf("warning: %v", err)
	}
	if err := CheckLevel("debg"); err == nil || !strings.HasSuffix(err.Error(), `, did you mean "debug"?`) {
		t.Errorf("debg: %v", err)
	}
	c := Config{Level: "info", Rooms: map[string]string{"kofka": "loud", "worker": "debug"}}
	if errs := c.Validate(); len(errs) != 2 || !strings.HasPrefix(errs[0].Error(), `rooms.kofka: there is no room "kofka"`) {
		t.Errorf("%v is wrong with %+v", errs, c)
	}
}

func TestLoggersSetTheirOwnLevel(t *testing.T) {
	top, levels, _ := testLogger(t, hclog.Info)
	top.Named("plugin").SetLevel(hclog.Trace)
	top.With("a", 1).SetLevel(hclog.Warn)
	if err := levels.SetLevel("", "error"); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(levels.Levels()); got != "map[:error plugin:trace]" || top.GetLevel() != hclog.Error {
		t.Errorf("levels are %s", got)
	}
}

// TestLevelsChangeWhileOthersLog is for the race detector.
func TestLevelsChangeWhileOthersLog(t *testing.T) {
	top, levels, _ := testLogger(t, hclog.Info)
	shared := []any{"s", strings.Repeat("x", 2*maxValue)}
	var tasks sync.WaitGroup
	for _, room := range []string{"kafka", "scheduler"} {
		tasks.Go(func() {
			for range 200 {
				top.Named(room).With(shared...).Debug("d", shared...)
			}
		})
		tasks.Go(func() {
			for n := range 200 {
				if err := levels.SetLevel(room, []string{"debug", "info"}[n%2]); err != nil {
					t.Error(err)
				}
				levels.Levels()
			}
		})
	}
	tasks.Wait()
	if s, _ := shared[1].(string); len(s) != 2*maxValue {
		t.Error("the caller's own arguments were cut")
	}
}

func TestForms(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	logger, _, err := New(Options{Output: w, Config: Config{Level: "warn"}, Level: "info"})
	if err != nil {
		t.Fatal(err)
	}
	logger.Named("kafka").Info("hello", "error", errors.New("a\nb"))
	var stat unix.Stat_t
	if err := unix.Fstat(int(w.Fd()), &stat); err != nil {
		t.Fatal(err)
	}
	t.Setenv("JOURNAL_STREAM", fmt.Sprintf("%d:%d", stat.Dev, stat.Ino))
	journal, _, err := New(Options{Output: w, Level: "trace"})
	if err != nil {
		t.Fatal(err)
	}
	journal.Error("two", "lines", "a\nb")
	journal.Debug("d")
	_ = w.Close()
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(string(all), "\n")
	var line map[string]any
	if err := json.Unmarshal([]byte(first), &line); err != nil || line["@module"] != "boostd.kafka" || line["@message"] != "hello" {
		t.Errorf("%v of %s", err, first)
	}
	for l := range strings.SplitSeq(strings.TrimSpace(rest), "\n") {
		if !regexp.MustCompile(`^<[37]>`).MatchString(l) {
			t.Errorf("a line for the journal is %q", l)
		}
	}
	if !strings.HasPrefix(rest, "<3>[ERROR] boostd: two") || !strings.Contains(rest, "\n<7>[DEBUG] boostd: d") {
		t.Errorf("the journal got %q", rest)
	}
}

func TestLongValuesAreCut(t *testing.T) {
	top, _, out := testLogger(t, hclog.Info)
	long := strings.Repeat("é", maxValue)
	top.With("w", long).Info("m", "s", long, "e", errors.New(long), "n", 1)
	if got := out.Len(); got > 3*maxValue+200 {
		t.Errorf("the line has %d bytes", got)
	}
	if strings.Count(out.String(), "… (8192 bytes)") != 3 {
		t.Errorf("the line is %.200s", out)
	}
}

type broken struct{ text string }

func (b *broken) Error() string { return b.text }

func TestValuesOfAllKinds(t *testing.T) {
	top, _, out := testLogger(t, hclog.Info)
	var none *broken
	top.Info(strings.Repeat("m", 2*maxValue), "error", error(none), "list", slices.Repeat([]string{"abcd"}, maxValue), "level", 7, "odd")
	if got := out.String(); len(got) > 2*maxValue+300 || !strings.Contains(got, "level=7") || strings.Count(got, "bytes)") != 2 {
		t.Errorf("%d bytes: %.300s", len(got), got)
	}
}

func TestStandardLogger(t *testing.T) {
	top, _, out := testLogger(t, hclog.Info)
	top.StandardLogger(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug}).Print("quiet")
	top.StandardLogger(nil).Print("told")
	if got := out.String(); got != "[INFO]  boostd: told\n" {
		t.Errorf("got %q", got)
	}
}

// TestRoomsAreThoseOfTheCode: every name that a room gives its logger can be set.
func TestRoomsAreThoseOfTheCode(t *testing.T) {
	named := regexp.MustCompile(`(?i)logger\.Named\("(\w+)"\)`)
	found := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range found {
		if !slices.Contains(Rooms, name) {
			t.Errorf("a logger is named %q, and Rooms doesn't have it", name)
		}
	}
	for _, room := range Rooms {
		if !found[room] {
			t.Errorf("room %q is in the list, and no logger has its name", room)
		}
	}
}

func BenchmarkDisabled(b *testing.B) {
	l := newLogger(&hclog.LoggerOptions{Output: io.Discard, Level: hclog.Trace}, newLevels(hclog.Info)).Named("kafka")
	b.Run("guarded", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if l.IsDebug() {
				l.Debug("message", "offset", 1<<20)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.Debug("message", "offset", 1<<20)
		}
	})
}

// TestGuardedDebugAllocatesNothing: what isn't logged costs a hot path nothing.
func TestGuardedDebugAllocatesNothing(t *testing.T) {
	top, _, _ := testLogger(t, hclog.Info)
	l := top.Named("kafka")
	if n := testing.AllocsPerRun(100, func() {
		if l.IsDebug() {
			l.Debug("message", "offset", 1<<20)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

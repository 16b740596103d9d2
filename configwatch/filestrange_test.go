package configwatch

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/priority"
)

func (p place) names(dir string) (names []string) {
	p.t.Helper()
	all, err := os.ReadDir(p.at(dir))
	p.must(err)
	for _, f := range all {
		names = append(names, f.Name())
	}
	return names
}

// What others put into the folder hides no version and holds up no push; nothing
// that a link leads to is shown.
func TestStrangeThingsInAHistory(t *testing.T) {
	p := place{t, t.TempDir()}
	h := newHistory(t, p.dir)
	one := push(t, h, "1", "", Note{"ann", "first"})
	const name = "settings-2020-01-0%dT00:00:00.000Z%s"
	p.write("secret.json", "secret")
	p.mkdir("history/" + fmt.Sprintf(name, 1, ".json"))
	p.must(syscall.Mkfifo(p.at("history/"+fmt.Sprintf(name, 2, ".json")), 0o600))
	p.link("../secret.json", "history/"+fmt.Sprintf(name, 3, ".json"))
	p.link(fmt.Sprintf(name, 4, ".json"), "history/"+fmt.Sprintf(name, 4, ".json"))
	p.write("history/"+fmt.Sprintf(name, 5, ".json"), strings.Repeat(" ", priority.MaxDocument+1))
	for n, note := range map[int]string{6: strings.Repeat(" ", maxNoteFile+1), 7: "[1]", 8: `{"by": "` + strings.Repeat("x", 300) + `"}`} {
		p.write("history/"+fmt.Sprintf(name, n, ".json"), "old")
		p.write("history/"+fmt.Sprintf(name, n, ".note"), note)
	}
	p.write("history/"+fmt.Sprintf(name, 9, ".json"), "old")
	p.must(syscall.Mkfifo(p.at("history/"+fmt.Sprintf(name, 9, ".note")), 0o600))
	push(t, h, "2", one.Hash, Note{"bob", ""})
	all, err := h.List(t.Context())
	p.must(err)
	got := ""
	for _, e := range all {
		got += fmt.Sprintf("%s %.4s %.3s %v, ", e.Name[9:19], e.Hash, e.By, strings.Contains(e.Problem, "larger than"))
	}
	old := Hash([]byte("old"))[:4]
	if want := fmt.Sprintf("2027-01-15 %.4s bob false, 2027-01-15 %.4s ann false, 2020-01-09 %s  false, 2020-01-08 %[3]s xxx false, 2020-01-07 %[3]s  false, 2020-01-06 %[3]s  false, 2020-01-05   true, ",
		Hash([]byte("2")), one.Hash, old); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for n := range 5 {
		if v, err := h.Get(t.Context(), fmt.Sprintf(name, n, ".json")); err == nil {
			t.Errorf("version %d: %q", n, v.Data)
		}
	}
}

// Whatever names are there, and whatever the clock says: no version takes another's
// place, and the last one is the current one.
func TestNamesInAHistory(t *testing.T) {
	p := place{t, t.TempDir()}
	h := newHistory(t, p.dir)
	p.mkdir("history")
	others := []string{"settings-zzz.json", "settings-9999-12-31T23:59:59.999Z.json", "settings-2027-01-15T08:00:00Z.json", "settings-0.json"}
	for _, name := range others {
		p.write("history/"+name, name)
	}
	base, names := "", map[string]bool{}
	for n, clock := range []time.Duration{0, 0, time.Hour, -24 * time.Hour, -24 * time.Hour, 0} {
		h.now = func() time.Time { return time.Unix(1_800_000_000, 0).Add(clock) }
		e := push(t, h, fmt.Sprint(n), base, Note{})
		if names[e.Name] {
			t.Errorf("push %d: the name %s was taken", n, e.Name)
		}
		names[e.Name], base = true, e.Hash
		if c, data, err := h.Current(t.Context()); err != nil || c.Name != e.Name || string(data) != fmt.Sprint(n) {
			t.Errorf("current is %+v, %v", c, err)
		}
	}
	for _, name := range others {
		if v, err := h.Get(t.Context(), name); err != nil || string(v.Data) != name {
			t.Errorf("%s has %q, %v", name, v.Data, err)
		}
	}
}

func TestVersionName(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 1_500_000, time.UTC)
	for last, want := range map[string]string{
		"":                                         "2026-01-31T12:00:00.001Z",
		"settings-2026-01-31T11:00:00.000Z.json":   "2026-01-31T12:00:00.001Z",
		"settings-2026-01-31T12:00:00.001Z.json":   "2026-01-31T12:00:00.002Z",
		"settings-2026-02-28T23:59:59.999Z.json":   "2026-03-01T00:00:00.000Z",
		"settings-2026-01-31T12:00:00Z.json":       "2026-01-31T12:00:01.000Z", // Z is behind the point
		"settings-2026-01-31T12:00:05.json":        "2026-01-31T12:00:06.000Z",
		"settings-2026-01-31T12:00:05.123456.json": "2026-01-31T12:00:05.124Z", // Python's isoformat
		"settings-2026-01-31T14:00:00+02:00.json":  "2026-01-31T12:00:00.001Z",
		"settings-9999-12-31T23:59:59.999Z.json":   "2026-01-31T12:00:00.001Z",
		"settings-final.json":                      "2026-01-31T12:00:00.001Z",
	} {
		if got := versionName(now, last); got != "settings-"+want+".json" {
			t.Errorf("behind %s: %s, want %s", last, got, want)
		}
	}
}

// Files in one folder share the history's folder, and none has another's versions.
func TestTwoFilesInOneFolder(t *testing.T) {
	p := place{t, t.TempDir()}
	a := newHistory(t, p.dir)
	b, err := openFileHistory(p.at("b.json"))
	p.must(err)
	b.now = a.now
	push(t, a, "1", "", Note{"ann", ""})
	two := push(t, b, "2", "", Note{"bob", ""})
	push(t, a, "3", Hash([]byte("1")), Note{"ann", ""})
	if got := listed(t, a) + "; " + listed(t, b); got != "*3 by ann: , 1 by ann: ; *2 by bob: " {
		t.Errorf("got %s", got)
	}
	if _, err := a.Get(t.Context(), two.Name); !errors.Is(err, ErrNoVersion) {
		t.Errorf("it gives away the other's: %v", err)
	}
}

// Of 10,000 versions a list has the newest; all can be got, and a push isn't slow.
func TestManyVersions(t *testing.T) {
	const versions = 10_000
	p := place{t, t.TempDir()}
	h := newHistory(t, p.dir)
	p.mkdir("history")
	first := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := range versions {
		p.write("history/"+nameAt(first.Add(time.Duration(n)*time.Minute)), fmt.Sprintf("text %06d", n))
	}
	p.write("s.json", fmt.Sprintf("text %06d", versions-1))
	began := time.Now()
	push(t, h, "new", Hash(fmt.Appendf(nil, "text %06d", versions-1)), Note{})
	all, err := h.List(t.Context())
	p.must(err)
	if len(all) != maxFileVersions || !all[0].Current || all[1].Hash != Hash(fmt.Appendf(nil, "text %06d", versions-1)) {
		t.Errorf("%d are listed, the first is %+v", len(all), all[0])
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if v, err := h.Get(t.Context(), nameAt(first)); err != nil || string(v.Data) != "text 000000" {
		t.Errorf("the oldest: %q, %v", v.Data, err)
	}
}

// What pushes that crashed have left goes with the next one, and nothing else.
func TestLeftoversOfCrashes(t *testing.T) {
	p := place{t, filepath.Join(t.TempDir(), "[a] b*")}
	p.mkdir(".")
	h := newHistory(t, p.dir)
	one := push(t, h, "1", "", Note{})
	for _, name := range []string{".s.json.123.new", "history/.settings-2027-01-15T08:00:00.001Z.json.7.new", "history/.settings-2027-01-15T08:00:00.001Z.note.8.new",
		"history/settings-2027-01-15T08:00:00.001Z.note", "history/mine.note", ".t.json.9.new"} {
		p.write(name, "{}")
	}
	push(t, h, "2", one.Hash, Note{})
	if got, want := fmt.Sprint(p.names("."), p.names("history")), "[.t.json.9.new history s.json] [lock mine.note "+
		"settings-2027-01-15T08:00:00.000Z.json settings-2027-01-15T08:00:00.000Z.note settings-2027-01-15T08:00:00.001Z.json settings-2027-01-15T08:00:00.001Z.note]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Who may read and write beside the file may do so in the history, and strangers
// can't keep the lock.
func TestModesOfAHistory(t *testing.T) {
	for _, c := range []struct{ folder, file, history, version, lock os.FileMode }{
		{0o700, 0, 0o700, 0o600, 0o600},
		{0o750, 0, 0o750, 0o640, 0o600},
		{0o770 | os.ModeSetgid, 0, 0o770 | os.ModeSetgid, 0o640, 0o660},
		{0o777 | os.ModeSticky, 0o664, 0o775, 0o664, 0o660},
	} {
		p := place{t, t.TempDir()}
		h := newHistory(t, p.dir)
		base := ""
		if c.file != 0 {
			p.write("s.json", "1")
			p.must(os.Chmod(p.at("s.json"), c.file))
			base = Hash([]byte("1"))
		}
		p.must(os.Chmod(p.dir, c.folder))
		e := push(t, h, "2", base, Note{})
		for name, want := range map[string]os.FileMode{"history": c.history | os.ModeDir, "s.json": c.version, "history/" + e.Name: c.version,
			"history/" + noteName(e.Name): c.version, "history/lock": c.lock} {
			if info, err := os.Stat(p.at(name)); err != nil || info.Mode() != want {
				t.Errorf("in a folder of mode %v: %s has %v, want %v, %v", c.folder, name, info.Mode(), want, err)
			}
		}
	}
	p := place{t, t.TempDir()}
	h, err := openFileHistory(p.at("typo/s.json"))
	p.must(err)
	if _, err := h.Push(t.Context(), []byte("1"), "", Note{}); !errors.Is(err, os.ErrNotExist) || len(p.names(".")) > 0 {
		t.Errorf("in a folder that isn't there: %v, %v", err, p.names("."))
	}
}

// On a full disk nothing changes and nothing is left; with room again it goes on.
func TestPushOnAFullDisk(t *testing.T) {
	disk := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("NOT RUN: no right to mount a small disk: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", disk).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	p := place{t, disk}
	h := newHistory(t, p.dir)
	one := push(t, h, "1", "", Note{"ann", ""})
	before := fmt.Sprint(p.names("."), p.names("history"))
	for _, size := range []int{100 << 10, 30 << 10} { // no room for the version; none for the file beside it
		if _, err := h.Push(t.Context(), bytes.Repeat([]byte("x"), size), one.Hash, Note{}); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if data, err := os.ReadFile(p.at("s.json")); err != nil || string(data) != "1" {
			t.Errorf("%d bytes: the file has %.10q, %v", size, data, err)
		}
		if fmt.Sprint(p.names("."), p.names("history")) != before {
			t.Errorf("it leaves %v %v", p.names("."), p.names("history"))
		}
	}
	push(t, h, "2", one.Hash, Note{"bob", ""})
	if got := listed(t, h); got != "*2 by bob: , 1 by ann: " {
		t.Errorf("got %s", got)
	}
}

// Who writes the file by hand as another pushes loses nothing, and a link that moves
// meanwhile isn't followed to where nobody looks any more.
func TestHandsMeanwhile(t *testing.T) {
	p := place{t, t.TempDir()}
	h := newHistory(t, p.dir)
	one := push(t, h, "1", "", Note{})
	clock := h.now
	h.now = func() time.Time { p.write("s.json", "by hand"); return clock() }
	_, err := h.Push(t.Context(), []byte("2"), one.Hash, Note{})
	if c, ok := errors.AsType[Conflict](err); !ok || string(c.Data) != "by hand" {
		t.Errorf("got %v", err)
	}
	if got := listed(t, h); got != "*by hand by : written by other hands, 1 by : " {
		t.Errorf("got %s", got)
	}
	p.write("a.json", "1")
	p.write("b.json", "1")
	p.link("a.json", "link.json")
	if h, err = openFileHistory(p.at("link.json")); err != nil {
		t.Fatal(err)
	}
	p.remove("link.json")
	p.link("b.json", "link.json")
	if _, err := h.Push(t.Context(), []byte("2"), one.Hash, Note{}); err == nil || !strings.Contains(err.Error(), "leads elsewhere") {
		t.Errorf("got %v", err)
	}
}

// What others write shows as text, not as orders to a terminal.
func TestConflictIsPrintable(t *testing.T) {
	c := Conflict{Current: Entry{Name: "v", Hash: "x", Note: Note{By: "\x1b[2J\u009b31mann\nroot\u202e"}}}
	if text := c.Error(); strings.ContainsAny(text, "\x1b\u009b\n\u202e") || !strings.Contains(text, "ann root") {
		t.Errorf("got %q", text)
	}
}

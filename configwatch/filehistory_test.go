package configwatch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// newHistory is the history of dir/s.json, at a time of its own.
func newHistory(t *testing.T, dir string) *fileHistory {
	t.Helper()
	h, err := openFileHistory(filepath.Join(dir, "s.json"))
	if err != nil {
		t.Fatal(err)
	}
	h.now = func() time.Time { return time.Unix(1_800_000_000, 0) }
	return h
}

func push(t *testing.T, h History, text, base string, note Note) Entry {
	t.Helper()
	e, err := h.Push(t.Context(), []byte(text), base, note)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// listed is a history in one line: newest first, the current one with a star.
func listed(t *testing.T, h History) string {
	t.Helper()
	all, err := h.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	line := []string{}
	for _, e := range all {
		v, err := h.Get(t.Context(), e.Name)
		if err != nil || Hash(v.Data) != e.Hash {
			t.Errorf("%s: %v", e.Name, err)
		}
		text := fmt.Sprintf("%s by %s: %s", v.Data, e.By, e.Comment)
		if e.Current {
			text = "*" + text
		}
		line = append(line, text)
	}
	return strings.Join(line, ", ")
}

func TestFileHistory(t *testing.T) {
	p := place{t, t.TempDir()}
	h := newHistory(t, p.dir)
	if got := listed(t, h); got != "" {
		t.Errorf("without a file: %s", got)
	}
	one := push(t, h, "1", "", Note{"ann", "first"})
	if one.Name != "settings-2027-01-15T08:00:00.000Z.json" || !one.Current || one.Hash != Hash([]byte("1")) || !one.At.Equal(h.now()) {
		t.Errorf("got %+v", one)
	}
	two := push(t, h, "2", one.Hash, Note{"bob", strings.Repeat("ä", 300)})
	if two.Name != "settings-2027-01-15T08:00:00.001Z.json" || two.Comment != strings.Repeat("ä", maxNote) {
		t.Errorf("in the same millisecond: %+v", two)
	}
	push(t, h, "1", two.Hash, Note{"ann", "back"})
	if got, want := listed(t, h), "*1 by ann: back, 2 by bob: "+two.Comment+", 1 by ann: first"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if data, err := os.ReadFile(p.at("s.json")); err != nil || string(data) != "1" {
		t.Errorf("the file has %q, %v", data, err)
	}
	p.write("s.json", "by hand")
	if got := listed(t, h); !strings.HasPrefix(got, "*by hand by : written by other hands, 1 by ann: back") {
		t.Errorf("got %s", got)
	}
	push(t, h, "3", Hash([]byte("by hand")), Note{"bob", ""})
	if got := listed(t, h); !strings.HasPrefix(got, "*3 by bob: , by hand by : written by other hands, 1 by ann: back, 2 ") {
		t.Errorf("what was written by hand is lost: %s", got)
	}
}

// A push that wasn't made from the current version changes nothing, and gets it.
func TestConflict(t *testing.T) {
	p := place{t, t.TempDir()}
	h := newHistory(t, p.dir)
	one := push(t, h, "1", "", Note{"ann", ""})
	push(t, h, "2", one.Hash, Note{"bob", "mine"})
	for _, base := range []string{"", one.Hash, Hash([]byte("never"))} {
		_, err := h.Push(t.Context(), []byte("3"), base, Note{"ann", ""})
		c, ok := errors.AsType[Conflict](err)
		if !ok || string(c.Data) != "2" || c.Current.By != "bob" || !strings.Contains(err.Error(), "by bob at 2027-01-15T08:00:00Z") {
			t.Errorf("from %.4q: got %v", base, err)
		}
	}
	if got := listed(t, h); got != "*2 by bob: mine, 1 by ann: " {
		t.Errorf("got %s", got)
	}
	p.remove("s.json")
	if _, err := h.Push(t.Context(), []byte("3"), one.Hash, Note{}); err == nil || err.Error() != "there is no version to change: it was deleted" {
		t.Errorf("got %v", err)
	}
}

// Of editors that have seen the same version one wins, each time.
func TestOneWinner(t *testing.T) {
	const editors, rounds = 8, 10
	dir := t.TempDir()
	base := push(t, newHistory(t, dir), "0", "", Note{}).Hash
	for round := range rounds {
		var all sync.WaitGroup
		results := make([]error, editors)
		for n := range editors {
			h := newHistory(t, dir) // as another process has it
			all.Go(func() {
				_, results[n] = h.Push(t.Context(), fmt.Appendf(nil, "%d by %d", round, n), base, Note{})
			})
		}
		all.Wait()
		winner := ""
		for n, err := range results {
			switch {
			case err == nil && winner == "":
				winner = fmt.Sprintf("%d by %d", round, n)
			case !errors.As(err, new(Conflict)):
				t.Fatalf("editor %d: %v, besides %q", n, err, winner)
			}
		}
		if data, err := os.ReadFile(filepath.Join(dir, "s.json")); err != nil || string(data) != winner {
			t.Fatalf("the file has %q, the winner is %q, %v", data, winner, err)
		}
		base = Hash([]byte(winner))
	}
}

// The file stays where a link leads, and keeps its mode.
func TestPushThroughALink(t *testing.T) {
	p := place{t, t.TempDir()}
	p.mkdir("far")
	p.write("far/real.json", "1")
	p.must(os.Chmod(p.at("far/real.json"), 0o644))
	p.link("far/real.json", "s.json")
	h := newHistory(t, p.dir)
	push(t, h, "2", Hash([]byte("1")), Note{})
	info, err := os.Stat(p.at("far/real.json"))
	if err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if to, err := os.Readlink(p.at("s.json")); err != nil || to != "far/real.json" {
		t.Errorf("the link is %q, %v", to, err)
	}
	if data, err := os.ReadFile(p.at("s.json")); err != nil || string(data) != "2" {
		t.Errorf("got %q, %v", data, err)
	}
}

func TestGetOfAFileHistory(t *testing.T) {
	p := place{t, t.TempDir()}
	h := newHistory(t, p.dir)
	push(t, h, "1", "", Note{})
	p.write("secret.json", "x")
	for _, name := range []string{"", "..", "../secret.json", p.at("secret.json"), "settings-2020-01-01T00:00:00.000Z.json", "history"} {
		if _, err := h.Get(t.Context(), name); !errors.Is(err, ErrNoVersion) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if v, err := h.Get(t.Context(), "s.json"); err != nil || string(v.Data) != "1" {
		t.Errorf("the file itself: %q, %v", v.Data, err)
	}
}

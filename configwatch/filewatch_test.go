package configwatch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/hashicorp/go-hclog"
)

const patience = 20 * time.Second

// place is a folder with things to do in it; what fails ends the test.
type place struct {
	t   *testing.T
	dir string
}

func (p place) at(name string) string { return filepath.Join(p.dir, name) }

func (p place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p place) write(name, text string) {
	p.t.Helper()
	p.must(os.WriteFile(p.at(name), []byte(text), 0o600))
}
func (p place) mkdir(name string)      { p.t.Helper(); p.must(os.MkdirAll(p.at(name), 0o700)) }
func (p place) rename(from, to string) { p.t.Helper(); p.must(os.Rename(p.at(from), p.at(to))) }
func (p place) link(to, name string)   { p.t.Helper(); p.must(os.Symlink(to, p.at(name))) }
func (p place) remove(name string)     { p.t.Helper(); p.must(os.RemoveAll(p.at(name))) }

// TestFileChanges: after each way of changing it the new text is found, without
// polling.
func TestFileChanges(t *testing.T) {
	old := func(p place) { p.write("s.json", "old") }
	for _, c := range []struct {
		name          string
		before, after func(p place)
	}{
		{"written in place", old, func(p place) { p.write("s.json", "new") }},
		{"another moved over it", old, func(p place) { p.write("t", "new"); p.rename("t", "s.json") }},
		{"moved away, made anew", old, func(p place) { p.rename("s.json", "s.json~"); p.write("s.json", "new") }},
		{"deleted, made anew", old, func(p place) { p.remove("s.json"); p.write("s.json", "new") }},
		{"appears", func(place) {}, func(p place) { p.write("s.json", "new") }},
		{"a link to another", func(p place) { p.write("a", "old"); p.link("a", "s.json") },
			func(p place) { p.write("b", "new"); p.link("b", "t"); p.rename("t", "s.json") }},
		{"behind a link into another folder", func(p place) { p.mkdir("far"); p.write("far/a", "old"); p.link("far/a", "s.json") },
			func(p place) { p.write("far/t", "new"); p.rename("far/t", "far/a") }},
		{"behind an absolute link", func(p place) { p.mkdir("far"); p.write("far/a", "old"); p.link(p.at("far/a"), "s.json") },
			func(p place) { p.write("far/a", "new") }},
		{"a folder of links is swapped, as Kubernetes does", func(p place) {
			p.mkdir("..1")
			p.write("..1/s.json", "old")
			p.link("..1", "..data")
			p.link("..data/s.json", "s.json")
		}, func(p place) {
			p.mkdir("..2")
			p.write("..2/s.json", "new")
			p.link("..2", "..data_tmp")
			p.rename("..data_tmp", "..data")
			p.remove("..1")
		}},
		{"a link to nowhere finds somewhere", func(p place) { p.link("far/a", "s.json") },
			func(p place) { p.mkdir("far"); p.write("far/a", "new") }},
		{"a loop of links is cut", func(p place) { p.link("s.json", "t"); p.link("t", "s.json") },
			func(p place) { p.remove("t"); p.write("t", "new") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := place{t, t.TempDir()}
			c.before(p)
			source := openFile(p.at("s.json"), hclog.NewNullLogger())
			<-source.Changed() // it tells once by itself
			c.after(p)
			awaitText(t, source, "new")
			if err := source.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// awaitText reads whenever the source tells of a change.
func awaitText(t *testing.T, source Source, want string) {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case <-source.Changed():
		case <-late:
			t.Fatalf("no change was told that leads to %q", want)
		}
		if v, err := source.Read(t.Context(), false); err == nil && string(v.Data) == want {
			return
		}
	}
}

// The folder itself goes and comes back, with what was above it.
func TestFolderIsMadeAnew(t *testing.T) {
	p := place{t, t.TempDir()}
	p.mkdir("a/b")
	p.write("a/b/s.json", "old")
	source := openFile(p.at("a/b/s.json"), hclog.NewNullLogger())
	<-source.Changed()
	for n := range 3 {
		text := fmt.Sprint("new", n)
		p.remove("a")
		p.mkdir("a/b")
		p.write("a/b/s.json", text)
		awaitText(t, source, text)
	}
	if err := source.Close(); err != nil {
		t.Error(err)
	}
}

// After 500 changes as fast as they go the last one is found, with few looks.
func TestManyChanges(t *testing.T) {
	p := place{t, t.TempDir()}
	p.write("s.json", "0")
	source := openFile(p.at("s.json"), hclog.NewNullLogger())
	<-source.Changed()
	for n := range 500 {
		p.write("t", fmt.Sprint("text ", n))
		p.rename("t", "s.json")
	}
	awaitText(t, source, "text 499")
	if err := source.Close(); err != nil {
		t.Error(err)
	}
}

// What is written beside the file, as an audit is, is no change.
func TestNeighboursAreNoChange(t *testing.T) {
	p := place{t, t.TempDir()}
	p.write("s.json", "old")
	p.write("audit.jsonl", "")
	source := openFile(p.at("s.json"), hclog.NewNullLogger())
	<-source.Changed()
	for range 100 {
		p.write("audit.jsonl", "line\n")
	}
	p.write("s.json", "new") // events come in order: the neighbour's have come before this one's
	awaitText(t, source, "new")
	if source.watch.matters(written(p.at("audit.jsonl"))) || !source.watch.matters(written(p.at("s.json"))) {
		t.Error("want the file's writes and not its neighbour's")
	}
	if err := source.Close(); err != nil {
		t.Error(err)
	}
}

func written(name string) fsnotify.Event { return fsnotify.Event{Name: name, Op: fsnotify.Write} }

func TestChain(t *testing.T) {
	p := place{t, t.TempDir()}
	p.mkdir("etc/conf")
	p.mkdir("data/now")
	p.link("../../data", "etc/conf/d")
	p.link("now/s.json", "data/s.json")
	folders, names := chain(p.at("etc/conf/d/s.json"))
	short := func(list []string) []string {
		out := []string{}
		for _, name := range list {
			out = append(out, strings.TrimPrefix(strings.TrimPrefix(name, p.dir), "/"))
		}
		slices.Sort(out)
		return out
	}
	if got, want := fmt.Sprint(short(folders)), "[ data data/now etc etc/conf]"; got != want {
		t.Errorf("folders: got %s, want %s", got, want)
	}
	all := []string{}
	for name := range names {
		all = append(all, name)
	}
	if got, want := fmt.Sprint(short(all)), "[data/now/s.json data/s.json etc/conf/d]"; got != want {
		t.Errorf("names: got %s, want %s", got, want)
	}
}

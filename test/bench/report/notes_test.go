package report

import (
	"maps"
	"os"
	"strings"
	"testing"
)

func TestNotes(t *testing.T) {
	notes, err := Notes()
	if err != nil {
		t.Fatal(err)
	}
	page := sample().Markdown(Page{Notes: notes})
	for _, name := range []string{NoteIntro, NoteMethod, "T", "H", "M"} {
		if notes[name] == "" || !strings.Contains(page, "\n"+notes[name]+"\n") {
			t.Errorf("the page lacks what notes.md says about %s: %q", name, notes[name])
		}
	}
	for _, c := range cases {
		if notes[c.letter] == "" {
			t.Errorf("notes.md says nothing about case %s", c.letter)
		}
	}
	if text, err := os.ReadFile("notes.md"); err != nil || string(text) != embedded {
		t.Errorf("%v; notes.md isn't what was embedded", err)
	}
}

func TestParseNotes(t *testing.T) {
	got, err := ParseNotes("head\n## T\n\nabout\n### deeper\n```\n## not a section\n```\n\n##  goals \ng\n## H")
	want := map[string]string{"T": "about\n### deeper\n```\n## not a section\n```", "goals": "g", "H": ""}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	for text, want := range map[string]string{
		"\n## T\n## T": `line 3: there is a section "T" already`,
		"## profile":   `line 1: the page has no place for "profile": it has intro, method, goals, profiles and the cases T, H, P, M, I, S or R`,
		"## ":          `no place for ""`,
	} {
		if _, err := ParseNotes(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

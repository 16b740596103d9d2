package report

import (
	"path/filepath"
	"slices"
	"testing"
)

func TestTexts(t *testing.T) {
	notes := map[string]string{"T": "About T.", NoteIntro: "Intro.", NoteMethod: "Method.", NoteGoals: "About goals.", NoteProfiles: "About profiles."}
	golden(t, "page.md", []byte(sample().Markdown(Page{Goals: sampleGoals(), Plots: "docs/bench", Notes: notes})))
	golden(t, "terminal.txt", []byte(sample().Text(sampleGoals())))
	r := sample()
	r.Quick, r.Rounds, r.Machine.Memory = true, 1, 15.5
	for i := range r.Figures {
		r.Figures[i].Rounds = r.Figures[i].Rounds[:1]
	}
	golden(t, "quick.md", []byte(r.Markdown(Page{Plots: "docs/bench"})))
}

// Every file of testdata is one that a test compares.
func TestNoForgottenGoldenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"page.md", "quick.md", "terminal.txt"}
	for _, p := range Plots(sample()) {
		want = append(want, p.File)
	}
	for _, file := range files {
		if !slices.Contains(want, filepath.Base(file)) {
			t.Errorf("nobody compares %s", file)
		}
	}
}

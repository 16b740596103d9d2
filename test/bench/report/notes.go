package report

import (
	_ "embed"
	"fmt"
	"strings"
)

// What notes may be about, beside the cases' letters.
const (
	// NoteIntro stands at the page's beginning.
	NoteIntro = "intro"
	// NoteMethod says how it is measured, behind the contestants.
	NoteMethod = "method"
	// NoteGoals stands over the table of goals, and explains those that aren't met.
	NoteGoals = "goals"
	// NoteProfiles says what the profiles show: what is librdkafka's, what is ours.
	NoteProfiles = "profiles"
)

//go:embed notes.md
var embedded string

// Notes are the explanations that people write into notes.md. They survive each
// generation of the page, because nobody writes into the page itself.
func Notes() (map[string]string, error) { return ParseNotes(embedded) }

// ParseNotes takes a Markdown text apart into its sections: each begins with a line
// "## " and what it is about, a case's letter or one of the constants Note…. What stands
// before the first isn't part of the page. A section that the page has no place for,
// or that is there twice, is an error: its text would be lost.
func ParseNotes(text string) (map[string]string, error) {
	all := map[string]string{}
	name, fenced := "", false
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		heading, ok := strings.CutPrefix(line, "## ")
		if !ok || fenced {
			if name != "" {
				all[name] += line + "\n"
			}
			continue
		}
		name = strings.TrimSpace(heading)
		switch _, twice := all[name]; {
		case twice:
			return nil, fmt.Errorf("parse notes: line %d: there is a section %q already", i+1, name)
		case caseTitle(name) == "" && name != NoteIntro && name != NoteMethod && name != NoteGoals && name != NoteProfiles:
			return nil, fmt.Errorf("parse notes: line %d: the page has no place for %q: it has %s, %s, %s, %s and the cases %s",
				i+1, name, NoteIntro, NoteMethod, NoteGoals, NoteProfiles, caseLetters())
		}
		all[name] = ""
	}
	for name := range all {
		all[name] = strings.TrimSpace(all[name])
	}
	return all, nil
}

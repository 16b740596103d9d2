package report

import (
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
)

// Page is what BENCHMARKS.md has beside the results.
type Page struct {
	// Goals are compared with the results, in this order.
	Goals []Goal
	// Plots is the folder of what Plots draws, relative to the page, with slashes.
	Plots string
	// Notes are explanations in Markdown, by a case's letter or one of the constants
	// Note…: see Notes.
	Notes map[string]string
}

// Markdown is BENCHMARKS.md, for the repository's root. It is made from the results
// and the page's notes alone: nobody writes into it.
func (r *Results) Markdown(page Page) string {
	w := &writer{}
	w.line("<!-- Made by `make bench` out of a run. What people write is in test/bench/report/notes.md: see there. -->")
	w.line("# How fast is boostd, and what does priority cost?")
	w.text(page.Notes[NoteIntro])
	r.writeHow(w)
	r.writeContestants(w)
	w.text(page.Notes[NoteMethod])
	w.line("Of what has ↑ more is better, of what has ↓ less. × " + Ours + " is a line's figure as a multiple of ours.")
	plots := Plots(r)
	for _, c := range cases {
		r.writeCase(w, c.letter, page, plots)
	}
	if len(page.Goals) > 0 {
		w.line("## Goals")
		w.text(page.Notes[NoteGoals])
		r.writeGoals(w, page.Goals)
	}
	if note := page.Notes[NoteProfiles]; note != "" {
		w.line("## Profiles")
		w.text(note)
	}
	return strings.TrimRight(w.String(), "\n") + "\n"
}

// writer joins paragraphs, each with an empty line behind it.
type writer struct{ strings.Builder }

func (w *writer) line(text string) { w.WriteString(text + "\n\n") }

func (w *writer) text(text string) {
	if text != "" {
		w.line(text)
	}
}

// row writes a table's; cells are Markdown already.
func (w *writer) row(cells ...string) { w.WriteString("| " + strings.Join(cells, " | ") + " |\n") }

// head writes the first two rows: the first column is text, the others as numbers.
func (w *writer) head(numbers bool, cells ...string) {
	w.row(cells...)
	rule := make([]string, len(cells))
	for i := range rule {
		rule[i] = "---"
		if numbers && i > 0 {
			rule[i] = "---:"
		}
	}
	w.row(rule...)
}

func (w *writer) end() { w.WriteString("\n") }

var escapes = strings.NewReplacer("|", `\|`, "<", "&lt;", "\r\n", " ", "\n", " ", "\r", " ")

// cell makes a text fit for a table.
func cell(text string) string { return escapes.Replace(strings.TrimSpace(text)) }

func (r *Results) writeHow(w *writer) {
	w.line("## How to run it")
	w.line("```\nmake bench          # everything, under 30 minutes; table, plots and results as JSON in bin/bench; ARGS=-commit makes this page\nmake bench-quick    # fewer rounds and messages, 5 minutes\n```")
	size := ""
	if r.Quick {
		size = " This is a quick run: its figures are coarse."
	}
	w.line(fmt.Sprintf("These figures: %s, commit `%s`, %s in %s.%s", cell(r.Date), cell(r.Commit), rounds(r.Rounds), duration(r.Seconds), size))
	m := &r.Machine
	w.head(false, "machine", "")
	for _, line := range [][2]string{
		{"CPU", m.CPU}, {"cores", strconv.Itoa(m.Cores)}, {"memory", quantity(m.Memory, "GiB")}, {"kernel", m.Kernel},
		{"Kafka", m.Kafka}, {"Go", m.Go}, {"librdkafka", m.Client}, {"franz-go", m.Franz}, {"Java", m.Java},
		{"parallel-consumer", m.Partner}, {"Python", m.Python}, {"KafkaBoost", m.Boost},
	} {
		w.row(line[0], or(cell(line[1]), "–"))
	}
	w.end()
}

func rounds(n int) string {
	if n == 1 {
		return "1 round"
	}
	return strconv.Itoa(n) + " rounds"
}

// duration writes seconds for people.
func duration(seconds float64) string {
	whole := int64(math.Round(seconds))
	if whole < 60 {
		return fmt.Sprintf("%d s", whole)
	}
	return fmt.Sprintf("%d min %d s", whole/60, whole%60)
}

func (r *Results) writeContestants(w *writer) {
	w.line("## Who runs")
	w.head(false, "contestant", "what it is", "how it is tuned")
	for _, c := range r.Contestants {
		link := "–"
		if c.File != "" {
			link = fmt.Sprintf("[%s](%s)", cell(path.Base(c.File)), cell(c.File))
		}
		w.row(bold(c.Name), cell(c.What), link)
	}
	w.end()
}

// bold lets our own line be found.
func bold(contestant string) string {
	if contestant == Ours {
		return "**" + contestant + "**"
	}
	return cell(contestant)
}

func (r *Results) writeCase(w *writer, letter string, page Page, plots []Plot) {
	variants := r.variants(letter)
	drawn := 0
	for _, p := range plots {
		if p.Case == letter {
			drawn++
		}
	}
	if len(variants)+drawn == 0 {
		return
	}
	w.line("## " + letter + ": " + caseTitle(letter))
	w.text(page.Notes[letter])
	for _, p := range plots {
		if p.Case == letter {
			w.line(fmt.Sprintf("![%s](%s)", cell(p.Alt), path.Join(page.Plots, p.File)))
		}
	}
	for _, variant := range variants {
		if variant != "" {
			w.line("### " + letter + ": " + cell(variant))
		}
		r.writeVariant(w, letter, variant)
	}
}

func (r *Results) writeVariant(w *writer, letter, variant string) {
	if measures := r.measures(letter, variant); len(measures) > 0 {
		r.writeTable(w, letter, variant, measures)
		r.writeClocks(w, letter, variant, measures)
	}
	for _, f := range r.Failures {
		if f.Case == letter && f.Variant == variant {
			w.line(fmt.Sprintf("No figure of %s in round %d: %s", cell(f.Contestant), f.Round, cell(f.Text)))
		}
	}
}

func (r *Results) writeTable(w *writer, letter, variant string, measures []string) {
	head := []string{"contestant"}
	compared := make([]bool, len(measures))
	for i, measure := range measures {
		f := r.first(letter, variant, measure)
		arrow := "↓"
		if f.Higher {
			arrow = "↑"
		}
		head = append(head, fmt.Sprintf("%s, %s %s", cell(measure), cell(f.Unit), arrow))
		if compared[i] = r.figure(letter, variant, measure, Ours) != nil; compared[i] {
			head = append(head, "× "+Ours)
		}
	}
	w.head(true, head...)
	for _, c := range r.Contestants {
		row, there := []string{bold(c.Name)}, false
		for i, measure := range measures {
			f := r.figure(letter, variant, measure, c.Name)
			there = there || f != nil
			row = append(row, r.value(f))
			if compared[i] {
				row = append(row, r.againstOurs(f))
			}
		}
		if there {
			w.row(row...)
		}
	}
	w.end()
}

// first is the figure that says what a measure is, whoever's it is.
func (r *Results) first(letter, variant, measure string) *Figure {
	for _, c := range r.Contestants {
		if f := r.figure(letter, variant, measure, c.Name); f != nil {
			return f
		}
	}
	return &Figure{}
}

// value is a cell: the median, and the spread where there are several rounds.
func (r *Results) value(f *Figure) string {
	if f == nil {
		return ""
	}
	text := number(f.Rounds.Median())
	n := len(f.Rounds.measured())
	if lowest, highest := f.Rounds.Spread(); n > 1 {
		text += " (" + span(lowest, highest) + ")"
	}
	if n < r.Rounds {
		text += fmt.Sprintf(", %d of %s", n, rounds(r.Rounds))
	}
	return text
}

func (r *Results) againstOurs(f *Figure) string {
	if f == nil {
		return ""
	}
	if f.Contestant == Ours {
		return "1"
	}
	return number(f.Rounds.Ratios(r.figure(f.Case, f.Variant, f.Measure, Ours).Rounds).Median())
}

// writeClocks says which clock the measures have, those of one clock together.
func (r *Results) writeClocks(w *writer, letter, variant string, measures []string) {
	of := map[string][]string{}
	var order []string
	for _, measure := range measures {
		clock := r.first(letter, variant, measure).Clock
		if clock == "" {
			continue
		}
		if of[clock] == nil {
			order = append(order, clock)
		}
		of[clock] = append(of[clock], cell(measure))
	}
	for _, clock := range order {
		w.line("Clock of " + strings.Join(of[clock], ", ") + ": " + cell(clock) + ".")
	}
}

func (r *Results) writeGoals(w *writer, goals []Goal) {
	w.head(false, "case", "goal", "figure", "against", "ratio", "bound", "")
	for _, o := range Check(r, goals) {
		g := &o.Goal
		if o.Missing != "" {
			w.row(g.Case, cell(g.what()), "–", "–", "–", cell(o.Bound()), r.state(&o))
			continue
		}
		ratio := times(o.Ratio)
		if o.Rounds > 1 && g.Against != "" {
			ratio += " (" + span(o.Lowest, o.Highest) + ")"
		}
		state := r.state(&o)
		if !o.Met {
			state = "**" + state + "**"
		}
		against := "–"
		if g.Against != "" {
			against = quantity(o.Against, o.Unit)
		}
		w.row(g.Case, cell(g.what()), cell(quantity(o.Figure, o.Unit)), cell(against), ratio, cell(o.Bound()), state)
	}
	w.end()
}

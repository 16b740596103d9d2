package letters

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/deadletter"
)

// maxReasons bounds how many reasons are told apart.
const maxReasons = 10_000

// Histogram counts letters by their reasons.
type Histogram struct {
	rows map[string]*Reason
	// others have one of the reasons that there is no room for.
	others Reason
}

// Reason is one line of it.
type Reason struct {
	Reason  string `json:"reason"`
	Letters int    `json:"letters"`
	// Oldest and Newest are when letters of that reason died; zero when that isn't
	// known.
	Oldest time.Time `json:"oldest,omitzero"`
	Newest time.Time `json:"newest,omitzero"`
}

// Add counts a letter.
func (h *Histogram) Add(l *deadletter.Letter) error {
	row := h.rows[l.Reason]
	switch {
	case row != nil:
	case len(h.rows) < maxReasons:
		if h.rows == nil {
			h.rows = map[string]*Reason{}
		}
		row = &Reason{Reason: l.Reason}
		h.rows[l.Reason] = row
	default:
		row = &h.others
	}
	row.Letters++
	if died := l.DiedAt(); !died.IsZero() {
		if row.Oldest.IsZero() || died.Before(row.Oldest) {
			row.Oldest = died
		}
		if died.After(row.Newest) {
			row.Newest = died
		}
	}
	return nil
}

// Reasons are the lines, the most frequent first. What had no room comes last.
func (h *Histogram) Reasons() []Reason {
	all := make([]Reason, 0, len(h.rows)+1)
	for _, r := range h.rows {
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b Reason) int {
		return cmp.Or(b.Letters-a.Letters, cmp.Compare(a.Reason, b.Reason))
	})
	if h.others.Letters > 0 {
		h.others.Reason = fmt.Sprintf("others than these %d", maxReasons)
		all = append(all, h.others)
	}
	return all
}

// Print prints the lines for people.
func (h *Histogram) Print(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LETTERS\tOLDEST\tNEWEST\tREASON")
	for _, r := range h.Reasons() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%.200q\n", term.Number(int64(r.Letters)), day(r.Oldest), day(r.Newest), r.Reason)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print reasons: %w", err)
	}
	return nil
}

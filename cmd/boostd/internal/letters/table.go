package letters

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/kafkaboost/boostd/deadletter"
)

// tableRows are lines whose columns are aligned with each other: a table of any
// length is printed as it is read.
const tableRows = 500

// Table prints letters for people, without what is in their messages but for the
// key. Texts of others are quoted, so that no terminal obeys them.
type Table struct {
	w    *tabwriter.Writer
	rows int
}

// NewTable begins one.
func NewTable(to io.Writer) *Table {
	return &Table{w: tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)}
}

// Add prints a letter.
func (t *Table) Add(l *deadletter.Letter) error {
	if t.rows%tableRows == 0 {
		if err := t.w.Flush(); err != nil {
			return fmt.Errorf("print letters: %w", err)
		}
		fmt.Fprintln(t.w, "LETTER\tDIED\tORIGIN\tLEVEL\tATTEMPTS\tREPLAYS\tHANDLER\tKEY\tREASON")
	}
	t.rows++
	origin, level, attempts, key := "unknown", "-", "-", "-"
	if l.Known {
		origin, level, attempts = fmt.Sprintf("%.300s", l.Origin), strconv.Itoa(int(l.Level)), strconv.Itoa(l.Attempts)
	}
	if l.Key != nil {
		key = fmt.Sprintf("%.40q", l.Key)
	}
	fmt.Fprintf(t.w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%.200q\n", l.At, day(l.DiedAt()), plain(origin), level, attempts, l.Replays, plain(l.Handler), key, l.Reason)
	return nil
}

// Close prints what is left; the number of letters is for the caller to tell.
func (t *Table) Close() (rows int, err error) {
	if err := t.w.Flush(); err != nil {
		return t.rows, fmt.Errorf("print letters: %w", err)
	}
	return t.rows, nil
}

// plain is a name as it is when it is one, otherwise quoted.
func plain(name string) string {
	if name == "" {
		return "-"
	}
	if quoted := strconv.Quote(name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}

// day is a time for people.
func day(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

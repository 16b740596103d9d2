package letters

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/deadletter"
	"github.com/kafkaboost/boostd/kafkaio"
)

// Find reads one letter, and what was done about it: "" while it is open. It
// reads on to the partition's end, since that is where marks are.
func Find(ctx context.Context, store Store, at boostd.Coordinates) (l *deadletter.Letter, done deadletter.Resolution, err error) {
	asking, cancel := context.WithTimeout(ctx, ask)
	defer cancel()
	ranges, err := store.Ranges(asking, map[string]int{at.Topic: int(at.Partition) + 1})
	if err != nil {
		return nil, "", err
	}
	r := ranges[len(ranges)-1]
	if at.Offset < r.From || at.Offset >= r.To {
		return nil, "", fmt.Errorf("find %s: the partition has offsets from %d to %d, without the last", at, r.From, r.To)
	}
	r.From = at.Offset
	err = store.Read(ctx, []kafkaio.Range{r}, func(m *boostd.Message) error {
		mark, isMark := deadletter.ParseMark(m)
		switch {
		case m.Offset == at.Offset && isMark:
			return fmt.Errorf("find %s: it is no letter, but the mark that %d is %s", at, mark.Letter, mark.Resolution)
		case m.Offset == at.Offset:
			l = new(deadletter.Parse(m))
		case isMark && mark.Letter == at.Offset && done == "":
			done = mark.Resolution
		}
		return nil
	})
	if err == nil && l == nil {
		err = fmt.Errorf("find %s: there is no record at that offset", at)
	}
	return l, done, err
}

// Show prints a letter with all that is in it, for people.
func Show(to io.Writer, l *deadletter.Letter, done deadletter.Resolution) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	line := func(name, text string) { fmt.Fprintf(w, "%s\t%s\n", name, text) }
	line("letter", l.At.String())
	state := "open"
	if done != "" {
		state = string(done)
	}
	line("state", state)
	line("reason", plain(l.Reason))
	if l.Known {
		line("origin", plain(l.Origin.String()))
		line("level", fmt.Sprint(int(l.Level)))
		line("handler", plain(l.Handler))
		line("attempts", fmt.Sprint(l.Attempts))
		line("produced", day(l.ProducedAt))
		line("first failed", day(l.FirstFailed))
	} else {
		line("origin", "unknown: somebody else has written it")
	}
	line("died", day(l.DiedAt()))
	line("replays", fmt.Sprint(l.Replays))
	for _, h := range l.Headers {
		line("header "+plain(h.Key), short(h.Value))
	}
	line("key", short(l.Key))
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the letter: %w", err)
	}
	if l.Value == nil {
		_, err := fmt.Fprintln(to, "no value")
		return err
	}
	_, err := fmt.Fprintf(to, "value, %d bytes:\n%s\n", len(l.Value), readable(l.Value))
	return err
}

// short is bytes in one line.
func short(b []byte) string {
	switch {
	case b == nil:
		return "none"
	case len(b) == 0:
		return `""`
	}
	return plain(string(b))
}

// readable is bytes as a text, line ends and all, when a terminal can be shown
// it, otherwise quoted.
func readable(b []byte) string {
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	if len(b) > 0 && utf8.Valid(b) && !bytes.ContainsRune(b, utf8.RuneError) && strings.IndexFunc(text, func(r rune) bool {
		return r != '\n' && r != '\t' && !unicode.IsPrint(r)
	}) < 0 {
		return text
	}
	return fmt.Sprintf("%q", b)
}

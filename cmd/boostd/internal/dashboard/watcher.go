package dashboard

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/console"
)

// late is how much longer than the interval an answer may take before people
// are told that there is none.
const late = time.Second

// pageWidth is the width of what isn't drawn on a terminal.
const pageWidth = 400

// watcher keeps the last picture. Only one goroutine uses it.
type watcher struct {
	daemon   Asker
	interval time.Duration
	colour   bool
	began    time.Time
	last     *console.Status
	at       time.Time // of the last answer, zero before the first
	err      error     // of the last question that was answered, or given up
}

type answer struct {
	status *console.Status
	err    error
}

func (w *watcher) ask(ctx context.Context) answer {
	s, err := w.daemon.Status(ctx)
	return answer{s, err}
}

func (w *watcher) take(a answer) {
	if w.err = a.err; a.err == nil {
		w.last, w.at = a.status, time.Now()
	}
}

// lines is the picture, with a word where it is old.
func (w *watcher) lines(width int, colour bool) []string {
	c := &term.Canvas{Width: width, Colour: colour}
	since := w.at
	if since.IsZero() {
		since = w.began
	}
	silence := time.Since(since)
	switch text := "no answer for " + age(silence); {
	case w.err != nil:
		c.Fold(maxFold, 2, []any{term.Alert, " " + text + " ", term.Plain, " "}, term.Plain, w.err.Error())
	case silence >= w.interval+late:
		c.Line(term.Alert, " "+text+" ")
	}
	if w.last == nil {
		return c.Lines
	}
	return append(c.Lines, Render(w.last, w.at, width, colour)...)
}

// live draws at each answer, resize and interval. It asks in the background, so
// that a daemon that hangs freezes nothing.
func (w *watcher) live(ctx context.Context, resized <-chan os.Signal, draw func(lines func(width int) []string)) {
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	ctx, cancel := context.WithCancel(ctx)
	answers := make(chan answer)
	asking := false
	ask := func() {
		if !asking {
			asking = true
			go func() { answers <- w.ask(ctx) }()
		}
	}
	defer func() {
		cancel()
		if asking {
			<-answers // the question ends with ctx
		}
	}()
	for ask(); ; {
		select {
		case <-ctx.Done():
			return
		case a := <-answers:
			asking = false
			w.take(a)
		case <-resized:
		case <-ticker.C:
			ask()
		}
		if ctx.Err() == nil {
			draw(func(width int) []string { return w.lines(width, w.colour) })
		}
	}
}

// pages prints a page at each interval.
func (w *watcher) pages(ctx context.Context, out io.Writer) error {
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	for {
		w.take(w.ask(ctx))
		if ctx.Err() != nil {
			return nil // it was interrupted, and no answer is no wonder
		}
		if _, err := fmt.Fprintf(out, "%s\n%s\n\n", time.Now().Format(time.RFC3339), strings.Join(w.lines(pageWidth, false), "\n")); err != nil {
			return fmt.Errorf("print status: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

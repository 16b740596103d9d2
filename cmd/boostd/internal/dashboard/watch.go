package dashboard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	xterm "golang.org/x/term"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/console"
)

// Asker is who is asked for the status.
type Asker interface {
	Status(ctx context.Context) (*console.Status, error)
}

// Watch shows the status again and again until ctx ends, q is typed, or the
// process is interrupted. Where out isn't a terminal it prints a page each time.
// A daemon that goes away leaves its last picture, until it is back.
func Watch(ctx context.Context, daemon Asker, interval time.Duration, in, out *os.File) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	w := watcher{daemon: daemon, interval: interval}
	if !term.Live(out) {
		return w.pages(ctx, out)
	}
	if xterm.IsTerminal(int(in.Fd())) {
		before, err := xterm.MakeRaw(int(in.Fd()))
		if err != nil {
			return fmt.Errorf("take the terminal: %w", err)
		}
		defer func() { _ = xterm.Restore(int(in.Fd()), before) }()
		var quit context.CancelFunc
		ctx, quit = context.WithCancel(ctx)
		defer quit()
		go quitOnKey(in, quit) // ends with the process: a read of the terminal can't be taken back
	}
	resized := make(chan os.Signal, 1)
	signal.Notify(resized, syscall.SIGWINCH)
	defer signal.Stop(resized)
	fmt.Fprint(out, term.Enter)
	defer fmt.Fprint(out, term.Leave)
	w.live(ctx, resized, func(lines func(width int) []string) {
		width, height := term.Size(out)
		fmt.Fprint(out, term.Frame(lines(width), height))
	})
	return nil
}

// ctrlC is what it is on a raw terminal.
const ctrlC = 3

func quitOnKey(in io.Reader, quit func()) {
	key := make([]byte, 1)
	for {
		if _, err := in.Read(key); err != nil {
			return
		}
		if key[0] == 'q' || key[0] == 'Q' || key[0] == ctrlC {
			quit()
			return
		}
	}
}

// watcher keeps the last picture.
type watcher struct {
	daemon   Asker
	interval time.Duration
	last     *console.Status
	at       time.Time // of the last answer
	err      error
}

func (w *watcher) look(ctx context.Context) {
	s, err := w.daemon.Status(ctx)
	if w.err = err; err == nil {
		w.last, w.at = s, time.Now()
	}
}

// lines is the picture, with a word where it is old.
func (w *watcher) lines(width int, colour bool) []string {
	var lines []string
	if w.err != nil {
		c := term.Canvas{Width: width, Colour: colour}
		c.Line(term.Red, "no answer", term.Plain, w.silence()+": "+w.err.Error())
		lines = c.Lines
	}
	if w.last != nil {
		lines = append(lines, Render(w.last, w.at, width, colour)...)
	}
	return lines
}

func (w *watcher) silence() string {
	if w.at.IsZero() {
		return ""
	}
	return " for " + age(time.Since(w.at))
}

func (w *watcher) live(ctx context.Context, resized <-chan os.Signal, draw func(lines func(width int) []string)) {
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	for w.look(ctx); ctx.Err() == nil; {
		draw(func(width int) []string { return w.lines(width, term.Colour()) })
		select {
		case <-ctx.Done():
		case <-resized:
		case <-ticker.C:
			w.look(ctx)
		}
	}
}

// pages prints a page each time.
func (w *watcher) pages(ctx context.Context, out io.Writer) error {
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	for {
		w.look(ctx)
		if errors.Is(w.err, context.Canceled) {
			return nil
		}
		if _, err := fmt.Fprintf(out, "%s\n%s\n\n", time.Now().Format(time.RFC3339), strings.Join(w.lines(400, false), "\n")); err != nil {
			return fmt.Errorf("print status: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

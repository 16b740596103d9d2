package dashboard

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
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
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	w := watcher{daemon: daemon, interval: interval, colour: term.Colour(), began: time.Now()}
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

package demo

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// What a screen does to the terminal: its second page, without cursor and
// without wrapping; and back.
const (
	enter = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	leave = "\x1b[?7h\x1b[?25h\x1b[?1049l"
)

// Screen is the live view on a terminal. Safe from any goroutine.
type Screen struct {
	out    *os.File
	errors io.Writer
	colour bool

	mu     sync.Mutex
	live   bool
	closed bool
	kept   bytes.Buffer // what was logged meanwhile
}

// Live reports whether there is a terminal to draw on.
func Live(out *os.File) bool {
	return term.IsTerminal(int(out.Fd())) && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != ""
}

// NewScreen takes the terminal with the first picture; Close gives it back.
// What is written to the screen appears on errors after that.
func NewScreen(out *os.File, errors io.Writer) *Screen {
	return &Screen{out: out, errors: errors, colour: os.Getenv("NO_COLOR") == ""}
}

// Show draws a picture.
func (s *Screen) Show(picture Snapshot) {
	width, height, err := term.GetSize(int(s.out.Fd()))
	if err != nil || width < 1 || height < 1 {
		width, height = 80, 24
	}
	lines := Render(picture, width, s.colour)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if !s.live {
		s.live = true
		fmt.Fprint(s.out, enter)
	}
	fmt.Fprint(s.out, frame(lines, height))
}

// frame redraws the page from its top left corner; it never scrolls.
func frame(lines []string, height int) string {
	var b bytes.Buffer
	b.WriteString("\x1b[H")
	for n, line := range lines[:min(len(lines), height)] {
		if n > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString("\x1b[2K" + line)
	}
	b.WriteString("\x1b[J")
	return b.String()
}

// maxKept bounds what is kept of the log.
const maxKept = 64 << 10

// Write keeps what is logged while the terminal is taken.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live || s.closed {
		return s.errors.Write(p)
	}
	if s.kept.Len()+len(p) <= maxKept {
		s.kept.Write(p)
	}
	return len(p), nil
}

// Close gives the terminal back. It may be called more than once.
func (s *Screen) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live && !s.closed {
		fmt.Fprint(s.out, leave)
		_, _ = s.kept.WriteTo(s.errors) // there is nowhere to say that it failed
	}
	s.closed = true
}

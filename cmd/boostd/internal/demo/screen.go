package demo

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
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

// NewScreen takes the terminal with the first picture; Close gives it back.
// What is written to the screen appears on errors after that.
func NewScreen(out *os.File, errors io.Writer) *Screen {
	return &Screen{out: out, errors: errors, colour: term.Colour()}
}

// Show draws a picture.
func (s *Screen) Show(picture Snapshot) {
	width, height := term.Size(s.out)
	lines := Render(picture, width, s.colour)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if !s.live {
		s.live = true
		fmt.Fprint(s.out, term.Enter)
	}
	fmt.Fprint(s.out, term.Frame(lines, height))
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
		fmt.Fprint(s.out, term.Leave)
		_, _ = s.kept.WriteTo(s.errors) // there is nowhere to say that it failed
	}
	s.closed = true
}

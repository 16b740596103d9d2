package term

import (
	"bytes"
	"fmt"
	"os"
	"slices"

	"golang.org/x/term"
)

// Enter takes a terminal's second page, without cursor and wrapping; Leave gives
// the first one back.
const (
	Enter = "\x1b[?1049h\x1b[?25l\x1b[?7l"
	Leave = "\x1b[?7h\x1b[?25h\x1b[?1049l"
)

// Live reports whether there is a terminal to draw on.
func Live(out *os.File) bool {
	return term.IsTerminal(int(out.Fd())) && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != ""
}

// Colour reports whether people want colours.
func Colour() bool { return os.Getenv("NO_COLOR") == "" }

// Size is the terminal's, in characters; 80 by 24 where it doesn't say.
func Size(out *os.File) (width, height int) {
	width, height, err := term.GetSize(int(out.Fd()))
	if err != nil || width < 1 || height < 1 {
		return 80, 24
	}
	return width, height
}

// Frame redraws the page from its top left corner; it never scrolls, and says
// how many lines have no room.
func Frame(lines []string, height int) string {
	if missing := len(lines) - height; missing > 0 {
		lines = append(slices.Clone(lines[:height-1]), fmt.Sprintf("… %d more lines", missing+1))
	}
	var b bytes.Buffer
	b.WriteString("\x1b[H")
	for n, line := range lines {
		if n > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString("\x1b[2K" + line)
	}
	b.WriteString("\x1b[J")
	return b.String()
}

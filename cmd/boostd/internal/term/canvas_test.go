package term

import (
	"slices"
	"strings"
	"testing"
)

func TestLinesFit(t *testing.T) {
	for _, c := range []struct {
		width int
		text  string
		want  string
	}{
		{5, "abcde", "abcde"}, {5, "abcdef", "abcd…"}, {5, "abc     ", "abc"}, {1, "ab", "…"}, {0, "ab", ""},
		{5, "注文注文", "注文…"}, {6, "注文注文", "注文…"}, {8, "注文注文", "注文注文"}, {3, "e\u0301te\u0301", "e\u0301te\u0301"},
		{20, "a\x1b[2Jb\nc\td", "a\ufffd[2Jb c d"}, {20, "a\u202eb", "a\ufffdb"}, {9, "a\xffb", "a\ufffdb"},
	} {
		canvas := Canvas{Width: c.width}
		canvas.Line(Plain, c.text)
		if got := canvas.Lines[0]; got != c.want || Width(got) > c.width {
			t.Errorf("%q in %d cells: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		width, lines int
		text         string
		want         []string
	}{
		{14, 3, "one two three four", []string{"! one two", "  three four"}},
		{14, 2, "one two three four five", []string{"! one two", "  three four …"}},
		{14, 3, "unbreakableword x", []string{"! unbreakable…", "  x"}},
		{14, 3, "", []string{"!"}},
		{1, 2, "one two", []string{"!", ""}},
	} {
		canvas := Canvas{Width: c.width}
		canvas.Fold(c.lines, 2, []any{Red, "! "}, Bold, c.text)
		if !slices.Equal(canvas.Lines, c.want) {
			t.Errorf("%q in %d cells: %q, want %q", c.text, c.width, canvas.Lines, c.want)
		}
	}
}

func TestColoursHaveNoWidth(t *testing.T) {
	canvas := Canvas{Width: 4, Colour: true}
	canvas.Line(Red, "ab", Plain, "c", Bold, "def", Red, "g")
	if got, want := canvas.Lines[0], string(Red)+"ab"+Reset+"c"+string(Bold)+"…"+Reset; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFrameNeverScrolls(t *testing.T) {
	for height, want := range map[int]string{
		3: "\x1b[H\x1b[2Ka\r\n\x1b[2Kb\r\n\x1b[2Kc\x1b[J",
		2: "\x1b[H\x1b[2Ka\r\n\x1b[2K… 2 more lines\x1b[J",
	} {
		if got := Frame([]string{"a", "b", "c"}, height); got != want {
			t.Errorf("height %d: got %q, want %q", height, got, want)
		}
	}
	if got := Frame(slices.Repeat([]string{"x"}, 100), 10); strings.Count(got, "\n") != 9 {
		t.Errorf("got %q", got)
	}
}

func FuzzLinesFit(f *testing.F) {
	f.Add("abc", 2)
	f.Add("注文\x1b[1m", 5)
	f.Fuzz(func(t *testing.T, text string, width int) {
		width = max(0, min(width, 300))
		c := Canvas{Width: width}
		c.Line(Plain, text)
		c.Fold(3, 2, []any{Plain, "x "}, Plain, text)
		for _, line := range c.Lines {
			if Width(line) > width || strings.ContainsAny(line, "\x1b\n\r\t\a") {
				t.Errorf("%q in %d cells: %q", text, width, line)
			}
		}
	})
}

package sdk

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// A reason of any text fits the protocol, and loses nothing that fits.
func FuzzReason(f *testing.F) {
	for _, text := range []string{"", "busy", "\xff", strings.Repeat("ä", 150), "x" + strings.Repeat("ä", 150), strings.Repeat("\x80", 300), strings.Repeat("€", 67)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := cut(text)
		if len(got) > maxReason || !utf8.ValidString(got) {
			t.Errorf("%q became %q", text, got)
		}
		if utf8.ValidString(text) && (!strings.HasPrefix(text, got) || len(text)-len(got) > max(0, len(text)-maxReason)+utf8.UTFMax-1) {
			t.Errorf("%q lost too much: %q", text, got)
		}
	})
}

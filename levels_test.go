package boostd

import "testing"

func TestParseLevelRange(t *testing.T) {
	for text, want := range map[string]LevelRange{"0": {0, 0}, "8": {8, 8}, "3-5": {3, 5}, "7-7": {7, 7}, "0-1000": {0, 1000}} {
		got, err := ParseLevelRange(text)
		if err != nil || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":            `"": want a level or a range of levels, such as 8 or 3-5`,
		"-":           `"-": want a level or a range of levels, such as 8 or 3-5`,
		"-3":          `"-3": want a level or a range of levels, such as 8 or 3-5`,
		"3-":          `"3-": want a level or a range of levels, such as 8 or 3-5`,
		"3-5-7":       `"3-5-7": want a level or a range of levels, such as 8 or 3-5`,
		"03":          `"03": want a level or a range of levels, such as 8 or 3-5`,
		"+3":          `"+3": want a level or a range of levels, such as 8 or 3-5`,
		"3 - 5":       `"3 - 5": want a level or a range of levels, such as 8 or 3-5`,
		"base":        `"base": want a level or a range of levels, such as 8 or 3-5`,
		"1.5":         `"1.5": want a level or a range of levels, such as 8 or 3-5`,
		"99999999999": `"99999999999": want a level or a range of levels, such as 8 or 3-5`,
		"5-3":         `"5-3": want the lower level first, 3-5`,
	} {
		if got, err := ParseLevelRange(text); err == nil || err.Error() != want {
			t.Errorf("%q is %v, %v; want %s", text, got, err, want)
		}
	}
}

// What is read says itself again, but for a range of one level.
func FuzzParseLevelRange(f *testing.F) {
	for _, text := range []string{"0", "3-5", "7-7", "-", "5-3", "03", "1000000000"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseLevelRange(text)
		if err != nil {
			return
		}
		again, err := ParseLevelRange(r.String())
		if err != nil || again != r || r.From > r.To || !r.Has(r.From) || !r.Has(r.To) || r.Has(r.To+1) {
			t.Errorf("%q is %v, which is %v, %v", text, r, again, err)
		}
	})
}

package kafkaio

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd/offsets"
)

func TestRewindTarget(t *testing.T) {
	byTime, byCount := Rewind{Since: time.Minute}, Rewind{Messages: 30}
	for _, c := range []struct {
		name   string
		rewind Rewind
		place  place
		want   int64
	}{
		{"so many back", byCount, place{committed: 100, low: 0, end: 200}, 70},
		{"no further than the first", byCount, place{committed: 100, low: 90, end: 200}, 90},
		{"fewer than that in all", byCount, place{committed: 10, low: 0, end: 10}, 0},
		{"committed at the beginning", byCount, place{committed: 0, low: 0, end: 5}, 0},
		{"committed before what is left: not forward", byCount, place{committed: 50, low: 90, end: 200}, 50},
		{"committed behind the end, as after a topic was made anew", byCount, place{committed: 1000, low: 0, end: 200}, 170},
		{"behind the end of an empty one", byCount, place{committed: 1000, low: 7, end: 7}, 7},
		{"more than there are numbers", Rewind{Messages: 1<<63 - 1}, place{committed: 100, low: 3, end: 200}, 3},
		{"to the first that is young enough", byTime, place{committed: 100, low: 0, end: 200, since: 60}, 60},
		{"all are young", byTime, place{committed: 100, low: 20, end: 200, since: 20}, 20},
		{"not forward", byTime, place{committed: 100, low: 0, end: 200, since: 150}, 100},
		{"none is young", byTime, place{committed: 100, low: 0, end: 100, since: offsets.Unknown}, 100},
		{"none is young, and committed behind the end", byTime, place{committed: 300, low: 0, end: 100, since: offsets.Unknown}, 100},
		{"committed before what is left", byTime, place{committed: 50, low: 90, end: 200, since: 90}, 50},
	} {
		if got := c.rewind.target(c.place); got != c.want {
			t.Errorf("%s: %+v rewound by %v goes to %d, want %d", c.name, c.place, c.rewind, got, c.want)
		}
	}
}

func TestParseRewind(t *testing.T) {
	for text, want := range map[string]Rewind{
		"10m": {Since: 10 * time.Minute}, "1h30m": {Since: 90 * time.Minute}, "250ms": {Since: 250 * time.Millisecond},
		"5000": {Messages: 5000}, "1": {Messages: 1},
	} {
		if got, err := ParseRewind(text); err != nil || got != want {
			t.Errorf("%q is %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "-5", "0s", "-10m", "ten minutes", "10 m", "5.5", "99999999999999999999", "1e3", "10d"} {
		if got, err := ParseRewind(text); err == nil {
			t.Errorf("%q is %+v, want an error", text, got)
		}
	}
}

func FuzzParseRewind(f *testing.F) {
	for _, text := range []string{"10m", "5000", "-1", "1h1m1s", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRewind(text)
		if err != nil {
			return
		}
		if r.Zero() || r.Since < 0 || r.Messages < 0 || (r.Since > 0) == (r.Messages > 0) {
			t.Fatalf("%q is %+v", text, r)
		}
		if again, err := ParseRewind(r.String()); err != nil || again != r {
			t.Fatalf("%q is %+v, written as %s, read as %+v, %v", text, r, r, again, err)
		}
	})
}

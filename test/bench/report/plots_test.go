package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestPlots(t *testing.T) {
	var names []string
	for _, p := range Plots(sample()) {
		names = append(names, p.Case+" "+p.File)
		wellFormed(t, p.SVG)
		inside(t, p.SVG)
		golden(t, p.File, p.SVG)
	}
	want := []string{"H waits-1-ms-work.svg", "H waits-25-75-ms-work.svg", "T throughput.svg", "M memory.svg"}
	if !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}

// A run that hasn't measured what is drawn has no plots, and its page none either.
func TestNoPlots(t *testing.T) {
	r := sample()
	r.Waits = []Waits{NewWaits("1 ms work", Ours, false, nil)}
	r.Series = []Series{{Plot: MemoryPlot, Contestant: Ours}}
	if plots := Plots(r); len(plots) > 0 || PlotWaits(r, "1 ms work") != nil || PlotThroughput(r) != nil || PlotMemory(r) != nil {
		t.Errorf("%d plots of nothing", len(plots))
	}
	if page := r.Markdown(Page{}); strings.Contains(page, "![") {
		t.Errorf("the page shows a plot:\n%s", page)
	}
}

// Variants whose names differ by signs alone have files of their own.
func TestPlotsHaveFilesOfTheirOwn(t *testing.T) {
	r := sample()
	files := map[string]bool{}
	r.Waits = nil
	variants := []string{"a b", "a-b", "A, b", "", "–", strings.Repeat("x", 80), strings.Repeat("x", 81)}
	for _, v := range variants {
		r.Waits = append(r.Waits, NewWaits(v, Ours, false, []float64{1, 2, 3}))
	}
	r.Series = nil
	for _, p := range Plots(r) {
		files[p.File] = true
	}
	if len(files) != len(variants) {
		t.Errorf("%d files for %d variants: %v", len(files), len(variants), files)
	}
}

func TestAwkwardLinesAreInside(t *testing.T) {
	long := strings.Repeat("W", 200)
	for name, lines := range map[string][]Series{
		"one point":    {{X: []float64{5}, Y: []float64{7}}},
		"nothing":      {{X: []float64{0}, Y: []float64{0}}},
		"all the same": {{X: []float64{1, 2, 3}, Y: []float64{4, 4, 4}}},
		"far apart":    {{X: []float64{0, 1e-9, 1e15}, Y: []float64{1e15, 0, 1e-9}}},
		"many points":  {{X: ascending(300), Y: ascending(300)}},
		"many lines":   slices.Repeat([]Series{{X: []float64{0, 1}, Y: []float64{1, 1}}}, 20),
		"long name":    {{Contestant: long, X: []float64{0, 1}, Y: []float64{1, 2}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := sample()
			r.Contestants = append(r.Contestants, Contestant{Name: long})
			r.Series, r.Waits = nil, nil
			for _, s := range lines {
				if s.Contestant == "" {
					s.Contestant = Ours
				}
				s.Plot = ThroughputPlot
				r.Series = append(r.Series, s)
				s.Plot = MemoryPlot
				r.Series = append(r.Series, s)
			}
			plots := Plots(r)
			if len(plots) != 2 {
				t.Fatalf("%d plots", len(plots))
			}
			for _, p := range plots {
				wellFormed(t, p.SVG)
				inside(t, p.SVG)
			}
		})
	}
}

func ascending(n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = float64(i)
	}
	return all
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	for dec := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
	}
}

var (
	coordinate = regexp.MustCompile(` (x|y|cx|cy)="([^"]*)"`)
	pathData   = regexp.MustCompile(` d="([^"]*)"`)
	pair       = regexp.MustCompile(`^(?:[ML]-?[0-9.]+ -?[0-9.]+|[HV]-?[0-9.]+)+$`)
)

// inside checks that what is drawn has places, and that these are within the drawing.
func inside(t *testing.T, svg []byte) {
	t.Helper()
	for _, m := range coordinate.FindAllStringSubmatch(string(svg), -1) {
		most := float64(width)
		if strings.HasSuffix(m[1], "y") {
			most = height
		}
		if v, err := strconv.ParseFloat(m[2], 64); err != nil || !(v >= 0 && v <= most) {
			t.Fatalf("%s is outside of the drawing:\n%s", m[0], svg)
		}
	}
	for _, m := range pathData.FindAllStringSubmatch(string(svg), -1) {
		if !pair.MatchString(m[1]) {
			t.Fatalf("%s is no path:\n%s", m[0], svg)
		}
	}
}

func TestNamesAreApart(t *testing.T) {
	for _, c := range []struct{ places, want []float64 }{
		{[]float64{10, 50, 90}, []float64{10, 50, 90}},
		{[]float64{10, 12, 14}, []float64{10, 20, 30}},
		{[]float64{98, 99, 100}, []float64{80, 90, 100}},
		{[]float64{-5, 3}, []float64{0, 10}},
		{nil, []float64{}},
	} {
		if got := apart(c.places, 10, 0, 100); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.places, got, c.want)
		}
	}
}

func TestAxes(t *testing.T) {
	texts := func(a axis) string {
		var all []string
		for _, t := range a.ticks {
			all = append(all, t.text)
		}
		return strings.Join(all, " ")
	}
	for name, c := range map[string]struct {
		a    axis
		want string
	}{
		"decades":      {logAxis([]float64{0.3, 4000}, short), "1 10 100 1,000"},
		"few decades":  {logAxis([]float64{3, 40}, short), "2 5 10 20 50"},
		"one value":    {logAxis([]float64{10}, short), "10 20 50 100"},
		"only 0":       {logAxis([]float64{0}, short), "1 2 5 10"},
		"many decades": {logAxis([]float64{1e-3, 1e10}, func(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }), "0.01 1 100 1e+04 1e+06 1e+08 1e+10"},
		"linear":       {linearAxis([]float64{890, 3}, short), "0 200 400 600 800 1,000"},
		"linear exact": {linearAxis([]float64{1000}, short), "0 200 400 600 800 1,000"},
		"points":       {pointAxis([]float64{11, 1, 33, 11}, false, short), "1 11 33"},
		"too close":    {pointAxis([]float64{1, 2, 100}, false, short), "1 100"},
		"quantiles":    {quantileAxis(3.2), "0 % 50 % 90 % 99 % 99.9 %"},
		"few messages": {quantileAxis(0.1), "0 % 50 % 90 %"},
	} {
		if got := texts(c.a); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	a := pointAxis([]float64{0, 10, 1000}, true, short)
	if a.at(0) != 0 || a.at(10) != 0.16 || a.at(1000) != 1 || a.at(100) != 0.58 {
		t.Errorf("0, 10, 100 and 1000 are at %v, %v, %v and %v", a.at(0), a.at(10), a.at(100), a.at(1000))
	}
}

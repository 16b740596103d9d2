package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Plot is a drawing for a file of its own.
type Plot struct {
	// File is its name: throughput.svg, memory.svg, or waits-1-ms-work.svg, after the
	// variant of the Waits "1 ms work".
	File string
	// Case is the letter of the case that it belongs to.
	Case string
	// Alt says what is seen, for those who don't.
	Alt string
	// SVG is the drawing, which is readable on light and dark pages.
	SVG []byte
}

// Plots draws what the results have Waits and Series for: one for each variant of
// Waits, in their order, then throughput and memory. What the run hasn't measured
// isn't drawn.
func Plots(r *Results) []Plot {
	var all []Plot
	for _, variant := range unique(r.Waits, func(w *Waits) (string, bool) { return w.Variant, len(w.Quantiles) > 0 }) {
		name := strings.Trim("waits-"+slug(variant), "-")
		for taken := name; slices.ContainsFunc(all, func(p Plot) bool { return p.File == name+".svg" }); {
			name = taken + "-" + strconv.Itoa(len(all)+1)
		}
		all = append(all, Plot{name + ".svg", "H", "quantiles of the wait of high-priority messages, " + or(variant, "all") + ", by contestant", PlotWaits(r, variant)})
	}
	if svg := PlotThroughput(r); svg != nil {
		all = append(all, Plot{"throughput.svg", "T", "throughput by the time that a handler takes, by contestant", svg})
	}
	if svg := PlotMemory(r); svg != nil {
		all = append(all, Plot{"memory.svg", "M", "resident memory by the number of levels, by contestant", svg})
	}
	return all
}

// slug makes a part of a file's name out of a text.
func slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	name := strings.Join(words, "-")
	return name[:min(len(name), 60)]
}

// curve is a contestant's line in a chart.
type curve struct {
	contestant string
	// name is what is written at its end.
	name string
	// place is the contestant's in the results, which gives the same color in all plots.
	place  int
	dashed bool
	x, y   []float64
}

func (r *Results) placeOf(name string) int {
	return slices.IndexFunc(r.Contestants, func(c Contestant) bool { return c.Name == name })
}

// PlotWaits draws the Waits of a variant, wait over quantile, on logarithmic axes:
// to the right each step of the same width is a further nine of 99.9… %. nil when
// there are none.
func PlotWaits(r *Results, variant string) []byte {
	c := chart{title: "How long urgent messages wait", about: "wait of high-priority messages under low-priority load"}
	if variant != "" {
		c.about += ": " + variant
	}
	c.about += "; both axes logarithmic"
	nines := 0.0
	for _, w := range r.Waits {
		if w.Variant != variant || len(w.Quantiles) == 0 {
			continue
		}
		line := curve{contestant: w.Contestant, name: w.Contestant, place: r.placeOf(w.Contestant), dashed: w.Floor, y: w.Millis}
		if w.Floor {
			line.name += ", idle"
		}
		for _, q := range w.Quantiles {
			line.x = append(line.x, -math.Log10(1-q))
		}
		nines = max(nines, line.x[len(line.x)-1])
		c.curves = append(c.curves, line)
	}
	if len(c.curves) == 0 {
		return nil
	}
	c.xLabel = "share of the messages that wait at most so long"
	c.y = logAxis(c.ys(), millis)
	c.x = quantileAxis(nines)
	return c.svg()
}

// PlotThroughput draws the Series of ThroughputPlot; nil when there are none.
func PlotThroughput(r *Results) []byte {
	c := chart{title: "Throughput by handler time", about: "messages a second, both axes logarithmic; all contestants have the same slots",
		xLabel: "time that the handler takes for a message", dots: true, namesFirst: true, value: short}
	if c.curves = r.curves(ThroughputPlot); c.curves == nil {
		return nil
	}
	c.y = logAxis(c.ys(), short)
	c.x = pointAxis(c.xs(), true, func(us float64) string {
		if us == 0 {
			return "nothing"
		}
		return millis(us / 1000)
	})
	return c.svg()
}

// PlotMemory draws the Series of MemoryPlot; nil when there are none.
func PlotMemory(r *Results) []byte {
	mib := func(v float64) string { return short(v) + " MiB" }
	c := chart{title: "Memory by number of levels", about: "resident memory of all processes, every level with a full backlog",
		xLabel: "levels", dots: true, value: mib}
	if c.curves = r.curves(MemoryPlot); c.curves == nil {
		return nil
	}
	c.y = linearAxis(c.ys(), mib)
	c.x = pointAxis(c.xs(), false, short)
	return c.svg()
}

func (r *Results) curves(plot string) []curve {
	var all []curve
	for _, s := range r.Series {
		if s.Plot == plot && len(s.X) > 0 {
			all = append(all, curve{contestant: s.Contestant, name: s.Contestant, place: r.placeOf(s.Contestant), x: s.X, y: s.Y})
		}
	}
	return all
}

// millis writes a time in the unit that suits it.
func millis(ms float64) string {
	switch {
	case ms >= 1000:
		return short(ms/1000) + " s"
	case ms < 1:
		return short(ms*1000) + " µs"
	}
	return short(ms) + " ms"
}

// short writes 590000 as 590k.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return number(v/1e6) + "M"
	case v >= 1e4:
		return number(v/1e3) + "k"
	}
	return number(v)
}

// percent writes how many nines: 1 is 90 %, 3 is 99.9 %.
func percent(nines int) string {
	if nines <= 2 {
		return fmt.Sprintf("%.0f %%", 100-100*math.Pow(10, -float64(nines)))
	}
	return "99." + strings.Repeat("9", nines-2) + " %"
}

package simulation

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kafkaboost/boostd/scheduler/sim"
)

// Plot draws the report as SVG: above how the waits of each level are spread,
// below the longest wait over time. Both have the waits on a logarithmic axis.
func (p *Report) Plot() []byte {
	s := &svg{}
	rows := len(p.rows)
	spread := panel{left: 90, top: 70, width: 760, height: float64(18 * max(rows, 1))}
	over := panel{left: 90, top: spread.bottom() + 90, width: 760, height: 300}
	s.begin(960, over.bottom()+60)
	s.text(20, 28, "title", fmt.Sprintf("Waits of %s with %s each in %v, policy %s", count(p.config.Instances, "instance"),
		count(p.config.Pool.Slots, "slot"), p.config.For, policyText(p.config.Pool.Policy)))
	axis := p.axis()
	s.text(20, spread.top-14, "name", "level, from production to start: 1 to 99 % light, 25 to 75 % dark, half of them |, the longest o")
	p.spread(s, spread, axis)
	s.text(20, over.top-14, "name", "the longest wait of what was started, over time")
	p.overTime(s, over, axis)
	s.end()
	return s.Bytes()
}

// axis is a logarithmic axis of durations, from a power of ten to another.
type axis struct{ from, to int } // powers of ten, in ns

func (p *Report) axis() axis {
	least, most := math.MaxInt64*1.0, 1000.0
	for n := range p.rows {
		if w := &p.rows[n].Waits; w.Count() > 0 {
			least, most = min(least, float64(max(w.Quantile(0.01), 1000))), max(most, float64(w.Max()))
		}
	}
	least = min(least, most)
	a := axis{int(math.Floor(math.Log10(least))), int(math.Ceil(math.Log10(most)))}
	a.to = max(a.to, a.from+1)
	return a
}

// place is where a duration stands, 0 to 1.
func (a axis) place(d time.Duration) float64 {
	at := (math.Log10(float64(max(d, 1))) - float64(a.from)) / float64(a.to-a.from)
	return min(max(at, 0), 1)
}

// panel is a part of the picture, in pixels.
type panel struct{ left, top, width, height float64 }

func (p panel) bottom() float64 { return p.top + p.height }

func (p *Report) spread(s *svg, at panel, a axis) {
	for power := a.from; power <= a.to; power++ {
		d := time.Duration(math.Pow10(power))
		x := at.left + at.width*a.place(d)
		s.line(x, at.top, x, at.bottom(), "grid")
		s.text(x, at.bottom()+16, "middle", d.String())
	}
	for n := range p.rows {
		r := &p.rows[n]
		y := at.top + 18*float64(n)
		s.text(at.left-8, y+13, "end", r.name)
		if r.Verdict == sim.Starves {
			s.text(at.left+at.width+8, y+13, "bad", "starves")
		}
		if r.Waits.Count() == 0 {
			continue
		}
		x := func(q float64) float64 { return at.left + at.width*a.place(r.Waits.Quantile(q)) }
		colour := p.colour(n)
		s.rect(x(0.01), y+3, x(0.99)-x(0.01), 12, colour, 0.35)
		s.rect(x(0.25), y+3, x(0.75)-x(0.25), 12, colour, 0.9)
		s.line(x(0.5), y+1, x(0.5), y+17, "half")
		s.circle(at.left+at.width*a.place(r.Waits.Max()), y+9, colour)
	}
}

func (p *Report) overTime(s *svg, at panel, a axis) {
	for power := a.from; power <= a.to; power++ {
		d := time.Duration(math.Pow10(power))
		y := at.bottom() - at.height*a.place(d)
		s.line(at.left, y, at.left+at.width, y, "grid")
		s.text(at.left-8, y+4, "end", d.String())
	}
	for part := range 7 {
		x := at.left + at.width*float64(part)/6
		s.line(x, at.top, x, at.bottom(), "grid")
		s.text(x, at.bottom()+16, "middle", short(p.result.For*time.Duration(part)/6))
	}
	for n, row := range slices.Backward(p.rows) { // the highest are drawn last
		slowest := row.Slowest
		var points [][2]float64
		for k, d := range slowest {
			if d == 0 { // nothing was started: the line has a gap
				s.polyline(points, p.colour(n), p.rows[n].name)
				points = points[:0]
				continue
			}
			x := at.left + at.width*(float64(k)+0.5)/float64(len(slowest))
			points = append(points, [2]float64{x, at.bottom() - at.height*a.place(d)})
		}
		s.polyline(points, p.colour(n), p.rows[n].name)
	}
}

// colour goes from red, the highest, to blue.
func (p *Report) colour(n int) string {
	return fmt.Sprintf("hsl(%d,70%%,45%%)", 240*n/max(len(p.rows)-1, 1))
}

// svg writes a picture. Texts are escaped, numbers have one digit behind the
// point.
type svg struct{ bytes.Buffer }

func (s *svg) begin(width, height float64) {
	fmt.Fprintf(s, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f">
<style>
text { font: 12px sans-serif; fill: #333 }
.title { font-size: 15px; font-weight: bold }
.end { text-anchor: end }
.middle { text-anchor: middle }
.bad { fill: #b00; font-weight: bold }
.grid { stroke: #ddd }
.half { stroke: #000; stroke-width: 2 }
</style>
<rect width="100%%" height="100%%" fill="#fff"/>
`, width, height, width, height)
}

func (s *svg) end() { fmt.Fprintln(s, "</svg>") }

func (s *svg) text(x, y float64, class, text string) {
	fmt.Fprintf(s, `<text x="%.1f" y="%.1f" class="%s">`, x, y, class)
	_ = xml.EscapeText(s, []byte(text)) // a buffer takes all
	fmt.Fprintln(s, "</text>")
}

func (s *svg) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(s, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2, class)
}

func (s *svg) rect(x, y, width, height float64, colour string, opacity float64) {
	fmt.Fprintf(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" fill-opacity=\"%.2f\"/>\n",
		x, y, max(width, 1), height, colour, opacity)
}

func (s *svg) circle(x, y float64, colour string) {
	fmt.Fprintf(s, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"#fff\" stroke=\"%s\" stroke-width=\"1.5\"/>\n", x, y, colour)
}

func (s *svg) polyline(points [][2]float64, colour, name string) {
	switch len(points) {
	case 0:
		return
	case 1:
		s.rect(points[0][0]-2, points[0][1]-2, 4, 4, colour, 1)
		return
	}
	fmt.Fprintf(s, `<polyline fill="none" stroke="%s" stroke-width="1.5" stroke-linecap="round" points="`, colour)
	for _, at := range points {
		fmt.Fprintf(s, "%.1f,%.1f ", at[0], at[1])
	}
	fmt.Fprint(s, `"><title>level `)
	_ = xml.EscapeText(s, []byte(name))
	fmt.Fprintln(s, "</title></polyline>")
}

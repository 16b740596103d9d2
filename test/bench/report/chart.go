package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Drawn by hand rather than by gonum/plot or go-chart: those bring fonts and raster
// images as dependencies, and neither has one drawing for light and dark pages or
// names at the lines' ends.

// chart is a drawing of lines with names at their ends.
type chart struct {
	title, about, xLabel string
	curves               []curve
	x, y                 axis
	// dots mark what was measured, where the line between is only a guide.
	dots bool
	// namesFirst has the names at the lines' beginnings, at the left, and what is written
	// along the y axis at the right: for lines that end alike.
	namesFirst bool
	// value, where there is one, is written behind a name: the line's value there.
	value func(float64) string
}

// Sizes are pixels of the drawing.
const (
	width     = 860
	height    = 480
	top       = 86
	bottom    = height - 62
	tickSpace = 78  // beside the frame, for what is written along the y axis
	nameGap   = 26  // from the frame to the names
	nameEdge  = 16  // from the names to the edge
	nameLine  = 17  // from name to name
	nameSize  = 7.2 // how wide a letter is, about
	mostName  = 40  // letters
)

// colors are by the contestants' place, on light and on dark pages: told apart by
// people who see no red or green, too, for whom names stand at the lines.
var colors = [][2]string{
	{"#0a58ca", "#5aa9ff"}, {"#bc4c00", "#ff9b50"}, {"#1a7f37", "#4fd06d"}, {"#8250df", "#c297ff"}, {"#bf3989", "#ff80c8"},
	{"#8a6100", "#e3b341"}, {"#0f7480", "#4fd0dc"}, {"#cf222e", "#ff8078"}, {"#57606a", "#a5b0bb"},
}

// style has the page's own background in both schemes: so it can be read where the
// page's scheme isn't the system's.
func style() string {
	var light, dark strings.Builder
	for i, c := range colors {
		fmt.Fprintf(&light, ".l%d{stroke:%s}.f%d{fill:%s}", i, c[0], i, c[0])
		fmt.Fprintf(&dark, ".l%d{stroke:%s}.f%d{fill:%s}", i, c[1], i, c[1])
	}
	return `text{font:12px system-ui,-apple-system,"Segoe UI","Helvetica Neue",Arial,"DejaVu Sans",sans-serif}` +
		`.t{font-size:17px;font-weight:600}.n.ours{font-weight:700}.line,.lead{fill:none;stroke-linejoin:round;stroke-linecap:round}` +
		`.line{stroke-width:1.8}.line.ours{stroke-width:3.4}.lead{stroke-width:1;opacity:.55}.dash{stroke-dasharray:5 5}` +
		`.bg{fill:#fff;stroke:#d8dee4}.t{fill:#1f2328}.s{fill:#59636e}.g{stroke:#e6eaef}.a{stroke:#8c959f}` + light.String() +
		`@media(prefers-color-scheme:dark){.bg{fill:#0d1117;stroke:#30363d}.t{fill:#f0f6fc}.s{fill:#9198a1}.g{stroke:#21262d}.a{stroke:#656c76}` +
		dark.String() + `}`
}

func escape(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // a Builder takes everything
	return out.String()
}

func (c *chart) xs() []float64 { return c.values(func(l *curve) []float64 { return l.x }) }
func (c *chart) ys() []float64 { return c.values(func(l *curve) []float64 { return l.y }) }

func (c *chart) values(of func(*curve) []float64) []float64 {
	var all []float64
	for i := range c.curves {
		all = append(all, of(&c.curves[i])...)
	}
	return all
}

// frame is where the lines are, from left to right: on one side of it are the names.
func (c *chart) frame() (left, right float64) {
	longest := 0
	for i := range c.curves {
		longest = max(longest, utf8.RuneCountInString(c.label(&c.curves[i])))
	}
	names := nameGap + nameEdge + math.Ceil(nameSize*float64(longest))
	if c.namesFirst {
		return names, width - tickSpace
	}
	return tickSpace, width - names
}

// end is the point of a line that its name is at.
func (c *chart) end(l *curve) (x, y float64) {
	if c.namesFirst {
		return l.x[0], l.y[0]
	}
	return l.x[len(l.x)-1], l.y[len(l.y)-1]
}

// label is a line's name, with the value behind it.
func (c *chart) label(l *curve) string {
	if c.value == nil {
		return clip(l.name)
	}
	_, y := c.end(l)
	return clip(l.name) + " " + c.value(y)
}

func clip(name string) string {
	if letters := []rune(name); len(letters) > mostName {
		return string(letters[:mostName-1]) + "…"
	}
	return name
}

func (c *chart) px(v float64) float64 {
	left, right := c.frame()
	return left + c.x.at(v)*(right-left)
}

func (c *chart) py(v float64) float64 { return bottom - c.y.at(v)*(bottom-top) }

func (c *chart) svg() []byte {
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">`+"\n", width, height, width, height)
	fmt.Fprintf(&out, "<title>%s</title>\n<desc>%s</desc>\n<style>%s</style>\n", escape(c.title), escape(c.about), style())
	fmt.Fprintf(&out, `<rect class="bg" x=".5" y=".5" width="%d" height="%d" rx="8"/>`+"\n", width-1, height-1)
	fmt.Fprintf(&out, `<text class="t" x="22" y="34">%s</text><text class="s" x="22" y="56">%s</text>`+"\n", escape(c.title), escape(c.about))
	c.drawAxes(&out)
	// Ours is drawn last, over the others.
	for _, ours := range []bool{false, true} {
		for i := range c.curves {
			if l := &c.curves[i]; l.ours() == ours {
				c.drawLine(&out, l)
			}
		}
	}
	c.drawNames(&out)
	out.WriteString("</svg>\n")
	return []byte(out.String())
}

func (c *chart) drawAxes(out *strings.Builder) {
	left, right := c.frame()
	at, anchor := left-10, "end"
	if c.namesFirst {
		at, anchor = right+10, "start"
	}
	for _, t := range c.y.ticks {
		y := bottom - t.at*(bottom-top)
		fmt.Fprintf(out, `<path class="g" d="M%.1f %.1fH%.1f"/><text class="s" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", left, y, right, at, y+4, anchor, escape(t.text))
	}
	for _, t := range c.x.ticks {
		x := left + t.at*(right-left)
		fmt.Fprintf(out, `<path class="g" d="M%.1f %dV%d"/><text class="s" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x, top, bottom, x, bottom+20, escape(t.text))
	}
	fmt.Fprintf(out, `<path class="a" d="M%.1f %dH%.1f"/><text class="s" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
		left, bottom, right, (left+right)/2, bottom+44, escape(c.xLabel))
}

func (l *curve) ours() bool { return l.contestant == Ours }

// color is the number of the contestant's color: ours is the first, whatever its place.
func (l *curve) color() int {
	if l.ours() {
		return 0
	}
	return 1 + l.place%(len(colors)-1)
}

// classes are the style's for a line or a name.
func (l *curve) classes(kind string) string {
	if l.ours() {
		kind += " ours"
	}
	if l.dashed && strings.HasPrefix(kind, "line") {
		kind += " dash"
	}
	return kind
}

func (c *chart) drawLine(out *strings.Builder, l *curve) {
	var d strings.Builder
	for i := range l.x {
		fmt.Fprintf(&d, "%c%.1f %.1f", "ML"[min(i, 1)], c.px(l.x[i]), c.py(l.y[i]))
	}
	fmt.Fprintf(out, `<path class="%s l%d" d="%s"/>`+"\n", l.classes("line"), l.color(), d.String())
	if !c.dots && len(l.x) > 1 {
		return
	}
	for i := range l.x {
		fmt.Fprintf(out, `<circle class="f%d" cx="%.1f" cy="%.1f" r="3.5"/>`, l.color(), c.px(l.x[i]), c.py(l.y[i]))
	}
	out.WriteString("\n")
}

// drawNames writes each line's name at the height of its end, moved so that none covers
// another, with a thin line from the end to the name.
func (c *chart) drawNames(out *strings.Builder) {
	byHeight := make([]*curve, len(c.curves))
	for i := range c.curves {
		byHeight[i] = &c.curves[i]
	}
	height := func(l *curve) float64 {
		_, y := c.end(l)
		return c.py(y)
	}
	slices.SortStableFunc(byHeight, func(a, b *curve) int { return cmp.Compare(height(a), height(b)) })
	wanted := make([]float64, len(byHeight))
	for i, l := range byHeight {
		wanted[i] = height(l)
	}
	left, right := c.frame()
	at, aside, anchor := right+nameGap, 5.0, "start"
	if c.namesFirst {
		at, aside, anchor = left-nameGap, -5, "end"
	}
	for i, y := range apart(wanted, nameLine, top, bottom) {
		l := byHeight[i]
		x, _ := c.end(l)
		fmt.Fprintf(out, `<path class="lead l%d" d="M%.1f %.1fL%.1f %.1f"/>`, l.color(), c.px(x)+aside, wanted[i], at-aside, y)
		fmt.Fprintf(out, `<text class="%s f%d" x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", l.classes("n"), l.color(), at, y+4, anchor, escape(c.label(l)))
	}
}

// apart moves ascending places so that each is at least gap below the one before,
// between low and high while there is room.
func apart(places []float64, gap, low, high float64) []float64 {
	moved := slices.Clone(places)
	for i := range moved {
		if i == 0 {
			moved[i] = max(moved[i], low)
		} else {
			moved[i] = max(moved[i], moved[i-1]+gap)
		}
	}
	for i, limit := len(moved)-1, high; i >= 0; i-- {
		moved[i] = min(moved[i], limit)
		limit = moved[i] - gap
	}
	return moved
}

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
}

// Sizes are pixels of the drawing.
const (
	width     = 860
	height    = 480
	left      = 78
	top       = 86
	bottom    = height - 62
	nameGap   = 26 // from the frame to the names
	nameLine  = 17
	nameSize  = 7.2 // how wide a letter is, about
	nameShare = 300 // what names have at most
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
		`.t{font-size:17px;font-weight:600}.ours{font-weight:700}.line,.lead{fill:none;stroke-linejoin:round;stroke-linecap:round}` +
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

// right is where the frame ends: behind it are the names.
func (c *chart) right() float64 {
	longest := 0
	for _, l := range c.curves {
		longest = max(longest, utf8.RuneCountInString(l.name))
	}
	return width - nameGap - 14 - min(nameSize*float64(longest), nameShare)
}

func (c *chart) px(v float64) float64 { return left + c.x.at(v)*(c.right()-left) }
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
	right := c.right()
	for _, t := range c.y.ticks {
		y := bottom - t.at*(bottom-top)
		fmt.Fprintf(out, `<path class="g" d="M%d %.1fH%.1f"/><text class="s" x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", left, y, right, left-10, y+4, escape(t.text))
	}
	for _, t := range c.x.ticks {
		x := left + t.at*(right-left)
		fmt.Fprintf(out, `<path class="g" d="M%.1f %dV%d"/><text class="s" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x, top, bottom, x, bottom+20, escape(t.text))
	}
	fmt.Fprintf(out, `<path class="a" d="M%d %dH%.1f"/><text class="s" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
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
	byEnd := make([]*curve, len(c.curves))
	for i := range c.curves {
		byEnd[i] = &c.curves[i]
	}
	end := func(l *curve) float64 { return c.py(l.y[len(l.y)-1]) }
	slices.SortStableFunc(byEnd, func(a, b *curve) int { return cmp.Compare(end(a), end(b)) })
	wanted := make([]float64, len(byEnd))
	for i, l := range byEnd {
		wanted[i] = end(l)
	}
	right := c.right()
	for i, y := range apart(wanted, nameLine, top, bottom) {
		l := byEnd[i]
		fmt.Fprintf(out, `<path class="lead l%d" d="M%.1f %.1fL%.1f %.1f"/>`, l.color(), c.px(l.x[len(l.x)-1])+4, wanted[i], right+nameGap-5, y)
		fmt.Fprintf(out, `<text class="%s f%d" x="%.1f" y="%.1f">%s</text>`+"\n", l.classes("n"), l.color(), right+nameGap, y+4, escape(clip(l.name)))
	}
}

func clip(name string) string {
	letters := []rune(name)
	if most := int(math.Floor(nameShare / nameSize)); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return name
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

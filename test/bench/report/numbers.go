package report

import (
	"math"
	"strconv"
	"strings"
)

// number writes three significant digits, with commas between thousands; "–" for NaN.
// What is too large or too small to have been measured stays short.
func number(v float64) string {
	switch size := math.Abs(v); {
	case math.IsNaN(v):
		return "–"
	case size > maxValue:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case size < tiny:
		return "0"
	}
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	whole, part, _ := strings.Cut(strconv.FormatFloat(rounded, 'f', -1, 64), ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if part != "" {
		whole += "." + part
	}
	return sign + whole
}

func quantity(v float64, unit string) string { return strings.TrimSpace(number(v) + " " + unit) }

// times writes a ratio.
func times(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return number(v) + " ×"
}

// span writes a spread, or what both ends are.
func span(lowest, highest float64) string {
	low, high := number(lowest), number(highest)
	if low == high {
		return low
	}
	return low + "–" + high
}

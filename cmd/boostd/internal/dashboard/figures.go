package dashboard

import (
	"fmt"
	"math"
	"time"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
)

// unknown stands for a number that isn't known; it is never shown as 0.
const unknown = "–"

func number(n *int64) string {
	if n == nil {
		return unknown
	}
	return term.Number(*n)
}

func count(n uint64) string { return term.Number(int64(min(n, math.MaxInt64))) }

func milliseconds(n *int64) string {
	if n == nil {
		return unknown
	}
	return short(time.Duration(*n) * time.Millisecond)
}

func seconds(n *float64) string {
	if n == nil {
		return unknown
	}
	return short(time.Duration(min(*n, 1e9) * float64(time.Second)))
}

// short is a duration in at most seven characters.
func short(d time.Duration) string {
	switch {
	case d == 0:
		return "0s"
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", d.Microseconds())
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", d.Seconds()*1000)
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return age(d)
}

// age is a duration as people say it, in whole units.
func age(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours())/24)
}

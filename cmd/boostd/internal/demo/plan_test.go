package demo

import (
	"testing"
	"time"
)

func TestPlanLoad(t *testing.T) {
	for _, c := range []struct {
		name         string
		total        time.Duration
		handler      string
		slots        int
		least, most  int // messages of the backlog; 0: refused
		rate, within float64
	}{
		{"the default", 20 * time.Second, DefaultHandler, 64, 200_000, 300_000, streamRate, 0},
		{"half the time", 10 * time.Second, DefaultHandler, 64, 100_000, 150_000, streamRate, 0},
		{"half the slots", 20 * time.Second, DefaultHandler, 32, 120_000, 160_000, streamRate, 0},
		{"no work at all", 20 * time.Second, "noop", 64, 200_000, 300_000, streamRate, 0},
		{"slow", 20 * time.Second, "sleep=25ms-75ms", 64, 7_000, 8_000, streamRate, 0},
		{"so slow that the stream must be thinner", 20 * time.Second, "sleep=1s", 64, 380, 390, 16, 0.1},
		{"one slot", 20 * time.Second, "sleep=10ms", 1, 550, 600, 24, 1},
		{"unknown", 20 * time.Second, "http=http://127.0.0.1:1", 64, 20_000, 30_000, streamRate, 0},
		{"too slow", 20 * time.Second, "sleep=10s", 8, 0, 0, 0, 0},
		{"no time", 0, DefaultHandler, 64, 0, 0, 0, 0},
		{"negative time", -time.Second, DefaultHandler, 64, 0, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := ParseHandler(c.handler)
			if err != nil {
				t.Fatal(err)
			}
			h.Slots = c.slots
			p, err := planLoad(c.total, h)
			if c.most == 0 {
				if err == nil {
					t.Fatalf("not refused: %+v", p)
				}
				return
			}
			if err != nil || p.total() < c.least || p.total() > c.most || p.rate < c.rate-c.within || p.rate > c.rate+c.within {
				t.Errorf("%v: %d messages at %v/s; want %d to %d at %v/s", err, p.total(), p.rate, c.least, c.most, c.rate)
			}
			for level, n := range p.backlog {
				if n < fewest/10 {
					t.Errorf("level %d has only %d messages", level, n)
				}
			}
			if p.producing+p.stream+p.end > c.total*9/10 {
				t.Errorf("no time is left beside %v, %v and %v", p.producing, p.stream, p.end)
			}
		})
	}
}

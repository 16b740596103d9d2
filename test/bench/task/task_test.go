package task

import "testing"

// The values were computed by hand in a language whose numbers have no end. Contestants in
// other languages are compared with Spread by test/bench/contestants/launch.
func TestSpread(t *testing.T) {
	for _, c := range []struct {
		partition int32
		offset    int64
		want      int64
	}{
		{0, 0, 820607},
		{0, 1, 383078656},
		{1, 0, 761226872},
		{5, 9999, 1332708576},
		{2, 123456789, 1643935296},
		{32, 4294967296, 711500970},
		{999, 9007199254740993, 1967210000},
		{0, 271181, 2085165786},
	} {
		if got := Spread(c.partition, c.offset); got != c.want {
			t.Errorf("partition %d, offset %d: %d, want %d", c.partition, c.offset, got, c.want)
		}
	}
}

// A message's work is within the task's bounds, both included, the same each time, and
// on average in their middle.
func TestWork(t *testing.T) {
	for _, c := range []struct{ least, most, mean int64 }{
		{0, 0, 0}, {50_000, 50_000, 50_000}, {50_000, 0, 50_000}, {0, 5000, 2500}, {25_000, 75_000, 50_000}, {0, 1, 0},
	} {
		task := Task{WorkMin: c.least, WorkMax: c.most}
		sum, least, most := int64(0), int64(1<<62), int64(-1)
		const messages = 60_000
		for n := range int64(messages) {
			w := task.Work(int32(n%6), n/6)
			sum, least, most = sum+w, min(least, w), max(most, w)
		}
		if mean := sum / messages; mean < c.mean*99/100 || mean > c.mean*101/100+1 {
			t.Errorf("work of %d to %d µs: mean %d, want %d", c.least, c.most, mean, c.mean)
		}
		if least < c.least || most > max(c.least, c.most) {
			t.Errorf("work of %d to %d µs: from %d to %d", c.least, c.most, least, most)
		}
		if c.most-c.least == 1 && (least != c.least || most != c.most) {
			t.Errorf("work of %d to %d µs never has its bounds", c.least, c.most)
		}
	}
}

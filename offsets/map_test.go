package offsets

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

func randomMap(r *rand.Rand) Map {
	m := Map{Topic: TopicID{9, 8}, Base: r.Int64N(1 << 40), LeaderEpoch: int32(r.IntN(20)) - 1}
	at, gap := m.Base, int64(1)<<r.IntN(14)
	for range r.IntN(300) {
		at += r.Int64N(gap)
		p := Pending{Offset: at}
		switch r.IntN(4) {
		case 0:
			p.Attempts = uint8(r.IntN(256))
		case 1:
			p.Held = true
		}
		m.Pending = append(m.Pending, p)
		at++
	}
	m.End = at + r.Int64N(1000)
	return m
}

func TestMapReadsWhatItWrote(t *testing.T) {
	for seed := range uint64(3000) {
		m := randomMap(rand.New(rand.NewPCG(seed, 1)))
		text, ok := m.Encode(1 << 20)
		got, err := ParseMap(text)
		if len(got.Pending) == 0 {
			got.Pending = nil
		}
		if !ok || err != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("seed %d: %v\ngot  %+v\nwant %+v", seed, err, got, m)
		}
	}
}

// TestSizesOfMaps is what README and DESIGN.md say of sizes.
func TestSizesOfMaps(t *testing.T) {
	for _, c := range []struct {
		name      string
		n, every  int64
		attempts  uint8
		span      int64
		most      int
		untouched bool // attempts survive
	}{
		{"one held for long, a million behind it", 1, 1, 5, 1_000_000, 60, true},
		{"every hundredth of 100,000 has failed twice", 1000, 100, 2, 100_000, 2500, true},
		{"every second of 20,000 pending", 10_000, 2, 0, 20_000, 5100, true},
		{"every second of 3,000 has failed", 1500, 2, 3, 3000, 2300, true},
		{"a thousand that fail for ever", 1000, 3, 200, 3000, 4096, true},
		{"more than fit with their attempts", 2200, 3, 200, 6600, MetadataLimit, false},
	} {
		m := Map{Topic: TopicID{255, 254, 7}, Base: 1 << 40, LeaderEpoch: 12, End: 1<<40 + c.span}
		for n := range c.n {
			m.Pending = append(m.Pending, Pending{Offset: m.Base + n*c.every, Attempts: c.attempts})
		}
		text, ok := m.Encode(max(c.most, MetadataLimit))
		if !ok || len(text) > c.most {
			t.Errorf("%s: %v, %d characters, want at most %d", c.name, ok, len(text), c.most)
			continue
		}
		t.Logf("%s: %d characters", c.name, len(text))
		got, err := ParseMap(text)
		if err != nil || len(got.Pending) != int(c.n) || (got.Pending[0].Attempts == c.attempts) != c.untouched {
			t.Errorf("%s: %v; %d pending", c.name, err, len(got.Pending))
		}
	}
	big := Map{Topic: TopicID{1}, End: 1 << 40}
	for n := range int64(20_000) {
		big.Pending = append(big.Pending, Pending{Offset: n * 1000})
	}
	if text, ok := big.Encode(MetadataLimit); ok {
		t.Errorf("20,000 scattered offsets fit into %d characters", len(text))
	}
}

func TestMapsThatAreNone(t *testing.T) {
	whole, _ := (&Map{Topic: TopicID{1}, Base: 5, End: 90, Pending: []Pending{{Offset: 7, Attempts: 3}, {Offset: 80}}}).Encode(MetadataLimit)
	for _, text := range []string{"hello", "b2:" + whole[3:], "b1", `{"lag": 7}`, " " + whole} {
		if _, err := ParseMap(text); !errors.Is(err, ErrForeign) {
			t.Errorf("%q: %v, want ErrForeign", text, err)
		}
	}
	damaged := []string{"b1:", "b1:!", whole + "A", whole[:len(whole)-2]}
	for n := 3; n < len(whole); n++ {
		flipped := []byte(whole)
		flipped[n] ^= 1
		if c := flipped[n]; strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", rune(c)) {
			damaged = append(damaged, string(flipped))
		}
	}
	for _, text := range damaged {
		if m, err := ParseMap(text); err == nil || errors.Is(err, ErrForeign) {
			t.Errorf("%q: %v, %+v; want it to be damaged", text, err, m)
		}
	}
}

func FuzzParseMap(f *testing.F) {
	for seed := range uint64(20) {
		m := randomMap(rand.New(rand.NewPCG(seed, 2)))
		f.Add(m.encode(255))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := ParseMap(seal(raw))
		if err != nil {
			return
		}
		last := m.Base - 1
		for _, p := range m.Pending {
			if p.Offset <= last || p.Offset >= m.End {
				t.Fatalf("%+v", m)
			}
			last = p.Offset
		}
		text, ok := m.Encode(1 << 30)
		again, err := ParseMap(text)
		if !ok || err != nil || !reflect.DeepEqual(again, m) {
			t.Fatalf("%v\ngot  %+v\nwant %+v", err, again, m)
		}
	})
}

// TestMapNeverOutgrowsItsLimit delivers as long as the tracker takes more, while
// every second message fails again and again, and any may finish.
func TestMapNeverOutgrowsItsLimit(t *testing.T) {
	for _, limit := range []int{MetadataLimit, 1000, 200} {
		r := rand.New(rand.NewPCG(uint64(limit), 3))
		tr := New(Limits{Pending: 1 << 30, Metadata: limit})
		epoch := tr.Assign(tp0, Unknown)
		_ = tr.Restore(tp0, epoch, TopicID{1}, 0, "")
		var open []Pending
		offset, full, most := int64(0), 0, 0
		for range 60_000 {
			if !tr.Full(tp0) {
				tr.Deliver(tp0, offset, 0)
				if offset%2 == 0 {
					open = append(open, Pending{Offset: offset})
				} else {
					tr.Done(tp0, epoch, offset)
				}
				offset++
			} else if full++; full%3 == 0 { // one of them finishes at last
				n := r.IntN(len(open))
				tr.Done(tp0, epoch, open[n].Offset)
				open = append(open[:n], open[n+1:]...)
			}
			if n := r.IntN(len(open) + 1); n < len(open) && open[n].Attempts < 7 {
				open[n].Attempts++
				tr.Failed(tp0, epoch, open[n].Offset, int(open[n].Attempts))
			}
			if r.IntN(100) > 0 {
				continue
			}
			for _, c := range tr.Commits(nil) {
				most = max(most, len(c.Metadata))
				m, err := ParseMap(c.Metadata)
				if err != nil || len(c.Metadata) > limit {
					t.Fatalf("limit %d: %d characters, %v", limit, len(c.Metadata), err)
				}
				for n, p := range m.Pending {
					if p != open[n] {
						t.Fatalf("limit %d: pending %+v, want %+v", limit, p, open[n])
					}
				}
			}
		}
		t.Logf("limit %d: %d delivered, %d open, full %d times, a map of at most %d characters", limit, offset, len(open), full, most)
		if full == 0 || most < limit/2 {
			t.Errorf("limit %d: it was full %d times, with at most %d characters", limit, full, most)
		}
		for _, p := range open {
			tr.Done(tp0, epoch, p.Offset)
		}
		if !tr.Relieved(tp0) || tr.Full(tp0) {
			t.Errorf("limit %d: it isn't relieved when all is done", limit)
		}
	}
}

// TestOtherPeoplesMetadataStays until the partition is committed further.
func TestOtherPeoplesMetadataStays(t *testing.T) {
	tr := New(Limits{})
	epoch := tr.Assign(tp0, Unknown)
	if err := tr.Restore(tp0, epoch, TopicID{1}, 5, "streams: 17"); !errors.Is(err, ErrForeign) {
		t.Fatal(err)
	}
	for o := int64(5); o < 8; o++ {
		tr.Deliver(tp0, o, 0)
	}
	tr.Done(tp0, epoch, 6)
	if c := tr.Commits(nil); len(c) != 0 {
		t.Fatalf("it is written over: %+v", c)
	}
	tr.Done(tp0, epoch, 5)
	c := tr.Commits(nil)
	if len(c) != 1 || c[0].Offset != 7 || c[0].Metadata == "" {
		t.Fatalf("%+v", c)
	}
	tr.Committed(c[0])
	tr.Deliver(tp0, 8, 0)
	tr.Done(tp0, epoch, 8)
	if c := tr.Commits(nil); len(c) != 1 || c[0].Offset != 7 || c[0].Metadata == "" {
		t.Fatalf("%+v", c)
	}
}

// TestBrokersWithSmallerLimits take less metadata, or none.
func TestBrokersWithSmallerLimits(t *testing.T) {
	tr := New(Limits{})
	epoch := tr.Assign(tp0, Unknown)
	_ = tr.Restore(tp0, epoch, TopicID{1}, 0, "")
	for o := range int64(300) {
		tr.Deliver(tp0, o, 0)
		if o%3 > 0 {
			tr.Done(tp0, epoch, o)
		}
	}
	tr.LimitMetadata(60)
	if c := tr.Commits(nil); len(c) != 0 {
		t.Errorf("%d characters", len(c[0].Metadata))
	}
	if !tr.Full(tp0) {
		t.Error("it isn't full")
	}
	tr.LimitMetadata(-1)
	if c := tr.Commits(nil); len(c) != 0 || tr.Full(tp0) {
		t.Errorf("%+v, full %v", c, tr.Full(tp0))
	}
}

package main

import (
	"os"
	"syscall"
	"testing"
)

func TestGroupIn(t *testing.T) {
	for _, c := range []struct {
		stat  string
		group int
		ok    bool
	}{
		{"12 (java) S 1 77 77 0 -1", 77, true},
		{"12 (a) b (c)) R 3 4 5", 4, true},
		{"12 (java) S 1", 0, false},
		{"12 (java) S 1 x 5", 0, false},
		{"", 0, false},
	} {
		if group, ok := groupIn(c.stat); group != c.group || ok != c.ok {
			t.Errorf("%q: %d, %v, want %d, %v", c.stat, group, ok, c.group, c.ok)
		}
	}
}

func TestPeakIn(t *testing.T) {
	for _, c := range []struct {
		status string
		want   float64
		wrong  bool
	}{
		{"Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n", 2, false},
		{"Name:\tx\n", 0, false}, // a zombie
		{"VmHWM:\n", 0, true},
		{"VmHWM: many kB\n", 0, true},
	} {
		if got, err := peakIn(c.status); got != c.want || (err != nil) != c.wrong {
			t.Errorf("%q: %v, %v", c.status, got, err)
		}
	}
}

func TestUsageOfThisProcess(t *testing.T) {
	group, err := syscall.Getpgid(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	before, err := usageOf(group)
	if err != nil {
		t.Fatal(err)
	}
	own, err := cpuOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for n := range 50_000_000 {
		sum += n % 7
	}
	after, err := cpuOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if before.peak < 1 || before.cpu <= 0 || own <= 0 || after <= own {
		t.Errorf("group %+v; own CPU time %v, then, %d later, %v", before, own, sum, after)
	}
	if _, err := usageOf(1 << 30); err == nil {
		t.Error("a group without processes has used something")
	}
}

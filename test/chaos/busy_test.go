package chaos

import (
	"slices"
	"testing"
)

func TestRunning(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "cpu 1 2\nprocs_running 7\nprocs_blocked 9\n": 7, "procs_running many\n": 0, "procs_running 3": 3,
	} {
		if got := running(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestMerged(t *testing.T) {
	got := merged([]Stall{{5, 6}, {1, 3}, {2, 2}, {3, 4}, {9, 12}, {10, 11}})
	if want := []Stall{{1, 4}, {5, 6}, {9, 12}}; !slices.Equal(got, want) {
		t.Errorf("merged are %v, want %v", got, want)
	}
	if got := merged(nil); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}

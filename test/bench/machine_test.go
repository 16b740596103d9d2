package main

import "testing"

func TestMachineFiles(t *testing.T) {
	if got := cpuName("processor\t: 0\nmodel name\t: A Fine CPU @ 2 GHz\nmodel name\t: another\n"); got != "A Fine CPU @ 2 GHz" {
		t.Errorf("CPU %q", got)
	}
	for text, want := range map[string]float64{"MemTotal:       25165824 kB\nMemFree: 1 kB\n": 24, "MemTotal: many kB": 0, "MemTotal:": 0, "": 0} {
		if got := gibibytes(text); got != want {
			t.Errorf("%q: %v GiB, want %v", text, got, want)
		}
	}
	for text, want := range map[string]string{"KafkaBoost 0.2.0 in Python": "0.2.0", "parallel-consumer 0.5.3.3": "0.5.3.3", "a loop": ""} {
		if got := number.FindString(text); got != want {
			t.Errorf("%q: version %q, want %q", text, got, want)
		}
	}
}

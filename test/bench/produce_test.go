package main

import (
	"encoding/json"
	"testing"
)

func TestValueHasItsSize(t *testing.T) {
	for _, size := range []int{24, 25, 100, 1000} {
		for _, level := range []int{0, 10} {
			text := value(level, size)
			var v struct {
				Priority int    `json:"priority"`
				Pad      string `json:"pad"`
			}
			if err := json.Unmarshal(text, &v); err != nil || v.Priority != level || len(text) != size {
				t.Errorf("level %d, size %d: %q, %v", level, size, text, err)
			}
		}
	}
}

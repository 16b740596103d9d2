package demo

import (
	"slices"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/plugins"
)

func TestParseHandler(t *testing.T) {
	sleep := func(min, max time.Duration) func(plugins.Config) bool {
		return func(c plugins.Config) bool {
			return c.Kind() == "sleep" && c.Sleep.Min.Std() == min && c.Sleep.Max.Std() == max
		}
	}
	for _, c := range []struct {
		text string
		is   func(plugins.Config) bool // nil: refused
	}{
		{"sleep=1ms", sleep(time.Millisecond, time.Millisecond)},
		{"sleep=1ms-5ms", sleep(time.Millisecond, 5*time.Millisecond)},
		{"sleep=0s-5ms", sleep(0, 5*time.Millisecond)},
		{"noop", func(c plugins.Config) bool { return c.Kind() == "noop" }},
		{"http=http://127.0.0.1:9000/handle?a=b", func(c plugins.Config) bool { return c.HTTP == "http://127.0.0.1:9000/handle?a=b" }},
		{"exec=python3 handler.py  --fast=yes", func(c plugins.Config) bool {
			return slices.Equal(c.Exec, []string{"python3", "handler.py", "--fast=yes"})
		}},
		{"", nil}, {"sleep", nil}, {"sleep=", nil}, {"sleep=1", nil}, {"sleep=0s", nil}, {"sleep=5ms-1ms", nil}, {"sleep=-1ms", nil},
		{"sleep=1ms-", nil}, {"sleep=1ms-5ms-9ms", nil}, {"sleep=48h", nil}, {"noop=1", nil}, {"http", nil}, {"http=", nil},
		{"http=ftp://a/b", nil}, {"exec=", nil}, {"exec=   ", nil}, {"log", nil}, {"plugin=/bin/true", nil},
	} {
		got, err := ParseHandler(c.text)
		switch {
		case c.is == nil && err == nil:
			t.Errorf("%q is taken as %+v", c.text, got)
		case c.is != nil && (err != nil || !c.is(got) || got.Timeout == 0):
			t.Errorf("%q: %v, %+v", c.text, err, got)
		}
	}
}

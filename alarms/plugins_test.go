package alarms

import (
	"strings"
	"testing"
	"time"
)

func TestPluginJudge(t *testing.T) {
	failing := Plugin{Failing: true, Error: "no database"}
	running := Plugin{Running: true}
	refused := Plugin{Running: true, Error: "not replaced: exit status 1"}
	for name, c := range map[string]struct {
		at   func(second int) Plugin
		want map[int]string // a part of the text by second; empty: no alarm
	}{
		"it runs":            {func(int) Plugin { return running }, map[int]string{0: "", 60: ""}},
		"it is slow to come": {func(int) Plugin { return Plugin{} }, map[int]string{0: "", 60: ""}},
		"it doesn't start":   {func(int) Plugin { return failing }, map[int]string{9: "", 10: "", 11: "for 11s: no database", 60: "for 1m0s"}},
		"it fails for a moment": {func(n int) Plugin {
			if n < 9 {
				return failing
			}
			return running
		}, map[int]string{8: "", 11: "for 11s: no database", 18: "for 18s", 19: "", 60: ""}},
		"it starts again and again, and fails": {func(n int) Plugin {
			if n%5 == 4 {
				return running
			}
			return failing
		}, map[int]string{11: "no database", 14: "no database", 59: "no database", 60: "no database"}},
		"it isn't replaced": {func(n int) Plugin {
			if n < 30 {
				return refused
			}
			return running
		}, map[int]string{0: "is not replaced: exit status 1; the old process goes on", 29: "not replaced", 30: "", 60: ""}},
		"it crashes now and then": {func(n int) Plugin { return Plugin{Running: true, Crashes: uint64(n / 12)} }, map[int]string{30: "", 59: "", 100: ""}},
		"it crashes often":        {func(n int) Plugin { return Plugin{Running: true, Crashes: uint64(n / 5)} }, map[int]string{29: "", 30: "crashed 6 times", 100: "crashed 12 times"}},
		"it crashed often before": {func(n int) Plugin { return Plugin{Running: true, Crashes: uint64(min(n, 10))} }, map[int]string{6: "crashed 6 times", 50: "crashed 10 times", 63: "crashed 7 times", 66: ""}},
		"it had crashed before":   {func(int) Plugin { return Plugin{Running: true, Crashes: 1000} }, map[int]string{0: "", 60: ""}},
	} {
		t.Run(name, func(t *testing.T) {
			var j PluginJudge
			for n := range 101 {
				p := c.at(n)
				p.Handler = "mail"
				found := j.Conditions(time.Unix(1000+int64(n), 0), []Plugin{p, {Handler: "other", Running: true}})
				want, judged := c.want[n]
				if !judged {
					continue
				}
				switch {
				case want == "" && len(found) > 0:
					t.Errorf("second %d: %v", n, found)
				case want != "" && (len(found) != 1 || found[0].Kind != PluginTrouble || found[0].Subject != "mail" || !strings.Contains(found[0].Text, want)):
					t.Errorf("second %d: %v, want %q", n, found, want)
				}
			}
			if n := len(j.plugins["mail"].looks); n > 62 {
				t.Errorf("%d looks are kept", n)
			}
		})
	}
}

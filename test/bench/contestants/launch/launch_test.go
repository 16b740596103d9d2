package launch

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/test/bench/report"
	"github.com/kafkaboost/boostd/test/bench/task"
)

var background = context.Background() // what is built serves all tests

// All contestants have the same work for the same message, in whatever language.
func TestSpreadIsTheSameInEveryLanguage(t *testing.T) {
	places := [][2]int64{{0, 0}, {0, 1}, {1, 0}, {5, 9999}, {2, 123456789}, {32, 1 << 32}, {999, 1<<53 + 1}}
	for n := range int64(50) {
		places = append(places, [2]int64{n % 7, n * n * 9973})
	}
	args := []string{"spread"}
	want := ""
	for _, p := range places {
		args = append(args, fmt.Sprint(p[0]), fmt.Sprint(p[1]))
		want += fmt.Sprintln(task.Spread(int32(p[0]), p[1]))
	}
	for name, other := range others {
		t.Run(name, func(t *testing.T) {
			prepare(t, name)
			cmd, err := other.command(t.Context(), args...)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := cmd.Output(); err != nil || string(got) != want {
				t.Errorf("%v; it is\n%s\nwant\n%s", err, got, want)
			}
		})
	}
}

// A contestant that can't do what a task asks for says so, and doesn't begin: its figures
// would be of something else.
func TestTasksAreRefused(t *testing.T) {
	prepare(t, "")
	good := task.Task{Brokers: []string{"127.0.0.1:1"}, Base: "b", Group: "g", Partitions: 1, Slots: 1, Order: "none", Dir: t.TempDir()}
	change := func(f func(*task.Task)) task.Task { c := good; f(&c); return c }
	for _, c := range []struct {
		name string
		task task.Task
		want string
	}{
		{"hour", change(func(t *task.Task) { t.Order = "key" }), "keeps no order"},
		{"day", change(func(t *task.Task) { t.Order = "partition" }), "keeps no order"},
		{"pool", change(func(t *task.Task) { t.Order = "key" }), "keeps no order"},
		{"bare", change(func(t *task.Task) { t.Order = "keys" }), `order "keys"`},
		{"bare", change(func(t *task.Task) { t.Slots = 0 }), "0 slots"},
		{"bare", change(func(t *task.Task) { t.Highest = -1 }), "levels 0 to -1"},
		{"bare", change(func(t *task.Task) { t.Partitions = 0 }), "0 partitions"},
		{"bare", change(func(t *task.Task) { t.Base = "" }), "must be there"},
		{"bare", change(func(t *task.Task) { t.WorkMin = -1 }), "work of -1"},
	} {
		cmd, err := Command(t.Context(), c.name, c.task)
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.CombinedOutput()
		exit := (*exec.ExitError)(nil)
		if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), c.want) {
			t.Errorf("%s, %s: %v\n%s", c.name, c.want, err, out)
		}
	}
	if _, err := Command(t.Context(), "nobody", good); err == nil {
		t.Error("there is a contestant nobody")
	}
}

// Every contestant has a name of its own and a sentence.
func TestNames(t *testing.T) {
	all := Names()
	for n, c := range all {
		if c.Name == "" || c.What == "" || orders[c.Name] == "" {
			t.Errorf("%+v", c)
		}
		if slices.ContainsFunc(all[:n], func(o report.Contestant) bool { return o.Name == c.Name }) {
			t.Errorf("%s is there twice", c.Name)
		}
	}
}

package main

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/test/bench/report"
)

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		args  string
		wrong string
		check func(o options) bool
	}{
		{args: "", check: func(o options) bool { return o.rounds == 5 && o.out == "bin/bench" && !o.quick && len(o.cases) == 0 }},
		{args: "-quick", check: func(o options) bool { return o.rounds == 1 && o.quick }},
		{args: "-cases t,H -contestants boostd,bare", check: func(o options) bool {
			return slices.Equal(o.cases, []string{"T", "H"}) && slices.Equal(o.contestants, []string{"boostd", "bare"})
		}},
		{args: "-commit -rounds 7", check: func(o options) bool { return o.commit && o.rounds == 7 }},
		{args: "-rounds 0", wrong: "-rounds is 0"},
		{args: "-rounds 21", wrong: "-rounds is 21"},
		{args: "-cases Q", wrong: `no case "Q"`},
		{args: "-limit 0s", wrong: "-limit is 0s"},
		{args: "-commit -quick", wrong: "-commit wants a whole run"},
		{args: "-commit -cases T", wrong: "-commit wants a whole run"},
		{args: "T", wrong: `"T" is no flag`},
		{args: "-nonsense", wrong: "nonsense"},
	} {
		o, err := parseOptions(strings.Fields(c.args), io.Discard)
		switch {
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%q: error %v, want one with %q", c.args, err, c.wrong)
		case c.wrong == "" && err != nil:
			t.Errorf("%q: %v", c.args, err)
		case c.check != nil && !c.check(o):
			t.Errorf("%q became %+v", c.args, o)
		}
	}
}

func TestChoose(t *testing.T) {
	there := []report.Contestant{{Name: "a"}, {Name: "b"}}
	o := options{}
	if err := o.choose(there); err != nil || !slices.Equal(o.contestants, []string{"a", "b"}) {
		t.Errorf("without names: %v, %v", o.contestants, err)
	}
	o = options{contestants: []string{"b"}}
	if err := o.choose(there); err != nil || !slices.Equal(o.contestants, []string{"b"}) {
		t.Errorf("with a name: %v, %v", o.contestants, err)
	}
	o = options{contestants: []string{"c"}}
	if err := o.choose(there); err == nil {
		t.Error("one that isn't there was taken")
	}
}

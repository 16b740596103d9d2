package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/test/bench/report"
)

// options are what the command line says.
type options struct {
	// rounds is how often the cases are measured that need the most rounds; others have
	// fewer: see benchCase.rounds.
	rounds int
	// cases are letters, contestants names; empty means all.
	cases, contestants []string
	quick              bool
	// out is the folder for the results; commit puts them where the repository keeps
	// them instead.
	out    string
	commit bool
	// again makes the committed page anew, and runs nothing.
	again bool
	// compare is the earlier run's JSON; "" is the committed one, if there is one,
	// and "none" is none.
	compare string
	// limit is when no further round begins.
	limit time.Duration
	// profile is a folder for profiles of case T instead of a run.
	profile string
}

// The folder and the page of a run that is committed, relative to the repository's root.
const (
	committed = "docs/bench"
	page      = "BENCHMARKS.md"
)

func parseOptions(args []string, out io.Writer) (options, error) {
	var o options
	var cases, contestants string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.IntVar(&o.rounds, "rounds", 5, "rounds of case H, 1 to 20; the other cases have at most as many")
	flags.StringVar(&cases, "cases", "", "letters of the cases to run, such as T,H; all without")
	flags.StringVar(&contestants, "contestants", "", "names of the contestants, such as boostd,bare; all without")
	flags.BoolVar(&o.quick, "quick", false, "one round with less of everything, 5 minutes: for a first look")
	flags.StringVar(&o.out, "out", "bin/bench", "folder for results.json, the table and the plots")
	flags.BoolVar(&o.commit, "commit", false, "write to "+committed+" and "+page+" instead: what the repository shows")
	flags.BoolVar(&o.again, "page", false, "write "+page+" anew out of "+committed+", after a change of the notes, and measure nothing")
	flags.StringVar(&o.compare, "compare", "", "results.json to compare with; none for none (default "+committed+"/results.json, if there)")
	flags.DurationVar(&o.limit, "limit", 25*time.Minute, "begin no round after this time")
	flags.StringVar(&o.profile, "profile", "", "write CPU and allocation profiles of boostd in case T to this folder, and explain them")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("read the command line: %q is no flag: -h lists them", flags.Arg(0))
	}
	o.cases, o.contestants = words(strings.ToUpper(cases)), words(contestants)
	if o.quick {
		o.rounds = 1
	}
	return o, o.check()
}

// words are the parts between commas.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func (o options) check() error {
	var errs []error
	if o.rounds < 1 || o.rounds > 20 {
		errs = append(errs, fmt.Errorf("-rounds is %d: want 1 to 20", o.rounds))
	}
	for _, letter := range o.cases {
		if !slices.ContainsFunc(cases, func(c *benchCase) bool { return c.letter == letter }) {
			errs = append(errs, fmt.Errorf("-cases: there is no case %q: want %s", letter, letters()))
		}
	}
	if o.limit <= 0 {
		errs = append(errs, fmt.Errorf("-limit is %v: want more than 0", o.limit))
	}
	if o.commit && (o.quick || len(o.cases)+len(o.contestants) > 0) {
		errs = append(errs, errors.New("-commit wants a whole run: leave out -quick, -cases and -contestants"))
	}
	return errors.Join(errs...)
}

// choose takes all contestants that there are where the command line names none.
func (o *options) choose(there []report.Contestant) error {
	var names []string
	for _, c := range there {
		names = append(names, c.Name)
	}
	for _, name := range o.contestants {
		if !slices.Contains(names, name) {
			return fmt.Errorf("-contestants: there is no contestant %q: want %s", name, strings.Join(names, ", "))
		}
	}
	if len(o.contestants) == 0 {
		o.contestants = names
	}
	return nil
}

// wants tells whether the command line asks for that case or contestant.
func wants(list []string, name string) bool { return len(list) == 0 || slices.Contains(list, name) }

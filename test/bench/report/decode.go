package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// Version is the form's.
const Version = 1

// What is read from a file is bounded, so that drawing it ends.
const (
	maxBytes  = 16 << 20
	maxRounds = 1000
	// maxValue is beyond anything that is measured here, and prints in one cell.
	maxValue = 1e15
)

// Encode writes results as indented JSON with a line's end, and fails where Decode
// would.
func Encode(r *Results) ([]byte, error) {
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("encode results: %w", err)
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode results: %w", err)
	}
	return append(text, '\n'), nil
}

// Decode reads what Encode has written, at most 16 MiB. Unknown keys, another
// version, figures of nobody, two of the same and values that can't be measured are
// errors, which name the entry.
func Decode(text []byte) (*Results, error) {
	if len(text) > maxBytes {
		return nil, fmt.Errorf("decode results: %d bytes are more than %d", len(text), maxBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	r := &Results{}
	if err := dec.Decode(r); err != nil {
		return nil, fmt.Errorf("decode results: before byte %d: %w", dec.InputOffset(), err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("decode results: something follows them at byte %d", dec.InputOffset())
	}
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("decode results: %w", err)
	}
	return r, nil
}

func (r *Results) validate() error {
	if r.Version != Version {
		return fmt.Errorf("version %d is not %d: run the benchmark again", r.Version, Version)
	}
	if _, err := time.Parse(time.RFC3339, r.Date); err != nil {
		return fmt.Errorf("date %q is not as in 2006-01-02T15:04:05Z", r.Date)
	}
	if r.Rounds < 1 || r.Rounds > maxRounds {
		return fmt.Errorf("%d rounds are not from 1 to %d", r.Rounds, maxRounds)
	}
	if !measurable(r.Seconds) || !measurable(r.Machine.Memory) || r.Machine.Cores < 0 {
		return errors.New("seconds, memory_gib and cores are 0 or more")
	}
	for _, check := range []func() error{r.checkContestants, r.checkFigures, r.checkWaits, r.checkSeries, r.checkFailures} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func measurable(v float64) bool { return v >= 0 && v <= maxValue }

func (r *Results) checkContestants() error {
	seen := map[string]bool{}
	for i, c := range r.Contestants {
		switch {
		case strings.TrimSpace(c.Name) == "":
			return fmt.Errorf("contestants[%d] has no name", i)
		case seen[c.Name]:
			return fmt.Errorf("contestants[%d]: %q is there twice", i, c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}

// known says what is wrong with an entry's contestant.
func (r *Results) known(name string) error {
	if !slices.ContainsFunc(r.Contestants, func(c Contestant) bool { return c.Name == name }) {
		return fmt.Errorf("%q is none of the contestants", name)
	}
	return nil
}

func (r *Results) checkFigures() error {
	type key struct{ letter, variant, measure, contestant string }
	seen := map[key]bool{}
	first := map[key]*Figure{} // of a measure, whoever's: contestant is ""
	for i := range r.Figures {
		f := &r.Figures[i]
		at := key{f.Case, f.Variant, f.Measure, f.Contestant}
		column := at
		column.contestant = ""
		if first[column] == nil {
			first[column] = f
		}
		err := r.checkFigure(f)
		switch like := first[column]; {
		case err != nil:
		case seen[at]:
			err = errors.New("there are two of it")
		case f.Unit != like.Unit || f.Higher != like.Higher:
			err = fmt.Errorf("its unit, or which is better, is another than %s's", like.Contestant)
		}
		if err != nil {
			return fmt.Errorf("figures[%d] (%s): %w", i, f.name(), err)
		}
		seen[at] = true
	}
	return nil
}

func (r *Results) checkFigure(f *Figure) error {
	if err := r.known(f.Contestant); err != nil {
		return err
	}
	switch {
	case caseTitle(f.Case) == "":
		return fmt.Errorf("there is no case %q: %s", f.Case, caseLetters())
	case f.Measure == "" || f.Unit == "":
		return errors.New("measure and unit are missing")
	case len(f.Rounds) > r.Rounds:
		return fmt.Errorf("it has %d rounds, the run %d", len(f.Rounds), r.Rounds)
	}
	for i, v := range f.Rounds {
		if !math.IsNaN(v) && !measurable(v) {
			return fmt.Errorf("round %d: %v is not from 0 to %g", i+1, v, maxValue)
		}
	}
	return nil
}

// name tells a figure from the others, for people.
func (f *Figure) name() string { return place(f.Case, f.Variant, f.Measure) + " of " + f.Contestant }

func place(letter, variant, measure string) string {
	parts := []string{letter, variant, measure}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func (r *Results) checkWaits() error {
	for i, w := range r.Waits {
		err := r.known(w.Contestant)
		if err == nil {
			err = line(w.Quantiles, w.Millis)
		}
		switch {
		case err != nil:
		case len(w.Quantiles) > 0 && w.Quantiles[len(w.Quantiles)-1] >= 1:
			err = errors.New("a quantile is not below 1")
		case !slices.IsSorted(w.Millis):
			err = errors.New("a wait falls")
		}
		if err != nil {
			return fmt.Errorf("waits[%d] (%s, %s): %w", i, w.Contestant, w.Variant, err)
		}
	}
	return nil
}

func (r *Results) checkSeries() error {
	for i, s := range r.Series {
		err := r.known(s.Contestant)
		if err == nil {
			err = line(s.X, s.Y)
		}
		if err == nil && s.Plot != ThroughputPlot && s.Plot != MemoryPlot {
			err = fmt.Errorf("there is no plot %q: %s or %s", s.Plot, ThroughputPlot, MemoryPlot)
		}
		if err != nil {
			return fmt.Errorf("series[%d] (%s): %w", i, s.Contestant, err)
		}
	}
	return nil
}

// line checks that a line can be drawn: as many of each, x rising.
func line(x, y []float64) error {
	if len(x) != len(y) {
		return fmt.Errorf("%d places for %d values", len(x), len(y))
	}
	for i := range x {
		if !measurable(x[i]) || !measurable(y[i]) {
			return fmt.Errorf("point %d (%v, %v) is not from 0 to %g", i, x[i], y[i], maxValue)
		}
		if i > 0 && x[i] <= x[i-1] {
			return fmt.Errorf("point %d: %v doesn't rise above %v", i, x[i], x[i-1])
		}
	}
	return nil
}

func (r *Results) checkFailures() error {
	for i, f := range r.Failures {
		err := r.known(f.Contestant)
		switch {
		case err != nil:
		case caseTitle(f.Case) == "":
			err = fmt.Errorf("there is no case %q: %s", f.Case, caseLetters())
		case f.Round < 1 || f.Round > r.Rounds:
			err = fmt.Errorf("round %d is not from 1 to %d", f.Round, r.Rounds)
		}
		if err != nil {
			return fmt.Errorf("failures[%d] (%s, %s): %w", i, f.Contestant, place(f.Case, f.Variant, ""), err)
		}
	}
	return nil
}

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kafkaboost/boostd/test/bench/report"
)

const (
	resultsFile = "results.json"
	// tolerance is how much of a ratio may be gone before it is called a fall.
	tolerance = 0.15
)

// write leaves the results as JSON, as a page, and the plots.
func write(r *report.Results, o options) (where string, err error) {
	dir, doc, plots := o.out, filepath.Join(o.out, page), ""
	if o.commit {
		dir, doc, plots = committed, page, committed
	}
	text, err := report.Encode(r)
	if err != nil {
		return dir, err
	}
	markdown, err := pageOf(r, plots)
	if err != nil {
		return dir, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return dir, fmt.Errorf("write results: %w", err)
	}
	// Plots of variants that are no more would stay for ever.
	old, err := filepath.Glob(filepath.Join(dir, "*.svg"))
	for _, path := range old {
		err = errors.Join(err, os.Remove(path))
	}
	err = errors.Join(err, put(filepath.Join(dir, resultsFile), text),
		put(doc, markdown))
	for _, p := range report.Plots(r) {
		err = errors.Join(err, put(filepath.Join(dir, p.File), p.SVG))
	}
	return dir, err
}

// pageOf is the page, with plots in that folder.
func pageOf(r *report.Results, plots string) ([]byte, error) {
	notes, err := report.Notes()
	if err != nil {
		return nil, err
	}
	return []byte(r.Markdown(report.Page{Goals: goals(), Plots: plots, Notes: notes})), nil
}

// writeAgain makes the committed page anew out of the committed results.
func writeAgain() error {
	r, err := earlier(options{compare: filepath.Join(committed, resultsFile)})
	if err != nil {
		return err
	}
	text, err := pageOf(r, committed)
	if err != nil {
		return err
	}
	return put(page, text)
}

func put(path string, text []byte) error {
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return nil
}

// earlier is the run to compare with; nil where there is none.
func earlier(o options) (*report.Results, error) {
	path := o.compare
	if path == "none" {
		return nil, nil
	}
	if path == "" {
		path = filepath.Join(committed, resultsFile)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && o.compare == "" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the run to compare with: %w", err)
	}
	r, err := report.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("read the run to compare with, %s: %w", path, err)
	}
	return r, nil
}

// compare prints the ratios that fell by more than the tolerance. What this run
// wasn't asked for is no news.
func compare(out io.Writer, now, before *report.Results) (fell int) {
	fmt.Fprintf(out, "\nAgainst the run of %s, commit %s:\n", before.Date, before.Commit)
	for _, line := range report.Unlike(now, before) {
		fmt.Fprintln(out, "  note:", line)
	}
	lacking := 0
	for _, f := range report.Compare(now, before, goals(), tolerance) {
		if f.Missing != "" {
			lacking++
			continue
		}
		fell++
		fmt.Fprintln(out, " ", f.String())
	}
	if fell == 0 {
		fmt.Fprintf(out, "  no ratio fell by more than %.0f %%\n", 100*tolerance)
	}
	if lacking > 0 {
		fmt.Fprintf(out, "  %d goals were not compared: one of the runs has no figures for them\n", lacking)
	}
	return fell
}

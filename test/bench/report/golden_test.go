package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"testing"
)

func TestPlots(t *testing.T) {
	plots := Plots(sample())
	var names []string
	for _, p := range plots {
		names = append(names, p.File)
		wellFormed(t, p.SVG)
		golden(t, p.File, p.SVG)
	}
	_ = names
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	for dec := xml.NewDecoder(bytes.NewReader(svg)); ; {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
	}
}

func TestTexts(t *testing.T) {
	golden(t, "page.md", []byte(sample().Markdown(Page{Goals: sampleGoals(), Plots: "docs/bench", Notes: map[string]string{"T": "about T"}})))
	golden(t, "terminal.txt", []byte(sample().Text(sampleGoals())))
}

package simulation

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the expected output anew")

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("it isn't %s; -update writes it anew. It is\n%s", path, got)
	}
}

// What the example comes to, as a table, as JSON and as a picture.
func TestExample(t *testing.T) {
	f, err := Parse("example.yaml", Example)
	if err != nil {
		t.Fatal(err)
	}
	r := report(t, f)
	var table, document bytes.Buffer
	if err := r.Table(&table); err != nil {
		t.Fatal(err)
	}
	e := json.NewEncoder(&document)
	e.SetIndent("", "  ")
	if err := e.Encode(r.Document()); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/example.txt", table.Bytes())
	golden(t, "testdata/example.json", document.Bytes())
	golden(t, "testdata/example.svg", r.Plot())
}

// wellFormed reads a picture as XML does.
func wellFormed(t *testing.T, picture []byte) (elements map[string]int) {
	t.Helper()
	elements = map[string]int{}
	for d := xml.NewDecoder(bytes.NewReader(picture)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return elements
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, picture)
		}
		if e, ok := token.(xml.StartElement); ok {
			elements[e.Name.Local]++
			for _, a := range e.Attr {
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Fatalf("%s of %s is %s", a.Name.Local, e.Name.Local, a.Value)
				}
			}
		}
	}
}

func TestPlots(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		circles int // one a row with waits
	}{
		"one message":       {"load: [{levels: 0, backlog: 1}]\nfor: 1s\n", 1},
		"nothing started":   {"load: [{levels: 0, backlog: 5}]\nfor: 1s\nevents: [{at: 0s, instance: 1, leave: true}]\n", 0},
		"nothing produced":  {"load: [{levels: 0, steady: 1, from: 50s}]\nfor: 1s\n", 0},
		"eleven levels":     {"load: [{levels: 0-10, poisson: 50}]\nfor: 2s\n", 11},
		"a thousand levels": {"load: [{levels: 0-999, backlog: 1}]\nfor: 2s\n", 50},
		"no time at all":    {"load: [{levels: 0, backlog: 5}]\nfor: 2s\nhandler: {constant: 0s}\nlatency: {fetch: {constant: 0s}, dispatch: 0s}\n", 1},
	} {
		f, err := Parse("f", []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		r := report(t, f)
		if got := wellFormed(t, r.Plot()); got["svg"] != 1 || got["circle"] != c.circles {
			t.Errorf("%s: %v", name, got)
		}
		if err := r.Table(io.Discard); err != nil {
			t.Error(err)
		}
	}
}

// Bands add up.
func TestBands(t *testing.T) {
	f, err := Parse("f", []byte("load: [{levels: 0-199, backlog: 10}, {levels: 0-99, poisson: 20}]\nfor: 15s\nslots: 4\nhandler: {constant: 10ms}\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := report(t, f)
	produced, levels, waits := int64(0), 0, uint64(0)
	for n := range r.rows {
		produced += r.rows[n].Produced
		levels += r.rows[n].of
		waits += r.rows[n].Waits.Count()
	}
	wantProduced, wantWaits := int64(0), uint64(0)
	for n := range r.result.Levels {
		wantProduced += r.result.Levels[n].Produced
		wantWaits += r.result.Levels[n].Waits.Count()
	}
	if len(r.rows) != 50 || levels != 200 || produced != wantProduced || waits != wantWaits {
		t.Errorf("%d rows of %d levels, %d produced, %d waits; want 200, %d, %d", len(r.rows), levels, produced, waits, wantProduced, wantWaits)
	}
	var out bytes.Buffer
	if err := r.Table(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"196-199", "levels 92-199: keeps up", "4 of 4 levels: starves: from "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table doesn't say %q:\n%s", want, out.String())
		}
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 7: "7ns", 1234567: "1.23ms", 999_999: "1ms", 12_345_678_901: "12.3s", 61_234_567_890: "1m1.2s", 3_723_000_000_000: "1h2m0s",
	} {
		if got := short(d); got != want {
			t.Errorf("%d ns: %s, want %s", d, got, want)
		}
	}
}

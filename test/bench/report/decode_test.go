package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestEncodeAndDecode(t *testing.T) {
	text, err := Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	r, err := Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Encode(r)
	if err != nil || !bytes.Equal(text, again) {
		t.Errorf("%v; what was decoded is encoded as\n%s", err, again)
	}
	if page := r.Markdown(Page{}); page != sample().Markdown(Page{}) {
		t.Errorf("another page comes from what was decoded:\n%s", page)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Results)
		want   string
	}{
		"version":             {func(r *Results) { r.Version = 2 }, "version 2 is not 1"},
		"date":                {func(r *Results) { r.Date = "yesterday" }, `date "yesterday"`},
		"no rounds":           {func(r *Results) { r.Rounds = 0 }, "0 rounds are not from 1 to 1000"},
		"seconds":             {func(r *Results) { r.Seconds = -1 }, "seconds, memory_gib and cores"},
		"nameless":            {func(r *Results) { r.Contestants[1].Name = " " }, "contestants[1] has no name"},
		"name twice":          {func(r *Results) { r.Contestants[1].Name = Ours }, `contestants[1]: "boostd" is there twice`},
		"whose figure":        {func(r *Results) { r.Figures[0].Contestant = "bosstd" }, `figures[0] (T, 100 B, 11 levels, throughput of bosstd): "bosstd" is none of the contestants`},
		"which case":          {func(r *Results) { r.Figures[0].Case = "X" }, `there is no case "X": T, H, P, M, I, S or R`},
		"no unit":             {func(r *Results) { r.Figures[0].Unit = "" }, "measure and unit are missing"},
		"too many values":     {func(r *Results) { r.Figures[0].Rounds = make(Values, 6) }, "it has 6 rounds, the run 5"},
		"below 0":             {func(r *Results) { r.Figures[0].Rounds[2] = -1 }, "round 3: -1 is not from 0"},
		"too large":           {func(r *Results) { r.Figures[0].Rounds[2] = 1e16 }, "round 3: 1e+16 is not from 0"},
		"figure twice":        {func(r *Results) { r.Figures = append(r.Figures, r.Figures[0]) }, "there are two of it"},
		"another unit":        {func(r *Results) { r.Figures[1].Unit = "1/s" }, "is another than confluent-kafka-go, tuned's"},
		"better the other":    {func(r *Results) { r.Figures[1].Higher = false }, "which is better"},
		"whose waits":         {func(r *Results) { r.Waits[0].Contestant = "" }, `waits[0] (, 1 ms work): "" is none`},
		"waits fall":          {func(r *Results) { r.Waits[0].Millis[3] = 0 }, "a wait falls"},
		"quantile 1":          {func(r *Results) { w := &r.Waits[0]; w.Quantiles[len(w.Quantiles)-1] = 1 }, "a quantile is not below 1"},
		"quantiles fall":      {func(r *Results) { r.Waits[0].Quantiles[3] = 0 }, "point 3: 0 doesn't rise above"},
		"a quantile too many": {func(r *Results) { w := &r.Waits[0]; w.Millis = w.Millis[1:] }, "66 places for 65 values"},
		"whose series":        {func(r *Results) { r.Series[0].Contestant = "who" }, `series[0] (who): "who" is none`},
		"which plot":          {func(r *Results) { r.Series[0].Plot = "cpu" }, `there is no plot "cpu": throughput or memory`},
		"point below 0":       {func(r *Results) { r.Series[0].Y[1] = -5 }, "point 1 (10, -5) is not from 0"},
		"whose failure":       {func(r *Results) { r.Failures[0].Contestant = "who" }, "failures[0] (who, T, 100 B, 11 levels)"},
		"failure of no case":  {func(r *Results) { r.Failures[0].Case = "" }, `there is no case ""`},
		"failure of no round": {func(r *Results) { r.Failures[0].Round = 6 }, "round 6 is not from 1 to 5"},
	} {
		t.Run(name, func(t *testing.T) {
			r := sample()
			c.change(r)
			if _, err := Encode(r); err == nil || !strings.HasPrefix(err.Error(), "encode results: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("encode: %v, want %q", err, c.want)
			}
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Decode(text); err == nil || !strings.HasPrefix(err.Error(), "decode results: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("decode: %v, want %q", err, c.want)
			}
		})
	}
}

func TestDecodeRefusesTexts(t *testing.T) {
	good, err := Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":       {"", "EOF"},
		"cut off":       {string(good[:len(good)/2]), "unexpected EOF"},
		"more":          {string(good) + "{}", "something follows them at byte"},
		"more brackets": {string(good) + "]", "something follows them at byte"},
		"unknown key":   {strings.Replace(string(good), `"quick"`, `"quicker"`, 1), `unknown field "quicker"`},
		"text as value": {strings.Replace(string(good), `"version": 1`, `"version": "1"`, 1), "before byte"},
		"null":          {"null", "version 0 is not 1"},
		"too long":      {strings.Repeat(" ", maxBytes) + "{}", "are more than"},
	} {
		if _, err := Decode([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// Whatever Decode takes can be encoded again, shown, compared and drawn. The seeds are
// short: fuzzing would spend its time on making a long one shorter.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		`{"version":1,"date":"2026-01-01T00:00:00Z","rounds":1}`,
		`{"version":1,"date":"2026-01-01T00:00:00Z","rounds":1,"contestants":[{"name":"boostd"}],"figures":[{"case":"T","contestant":"boostd","measure":"m","unit":"u","rounds":[1]}]}`,
		`{"version":1,"date":"2026-01-01T00:00:00Z","rounds":1,"contestants":[{"name":"b"}],"series":[{"plot":"memory","contestant":"b","x":[1,2],"y":[3,4]}]}`,
		`{"version":1,"date":"2026-01-01T00:00:00Z","rounds":1,"contestants":[{"name":"b"}],"waits":[{"contestant":"b","quantiles":[0.5,0.9],"ms":[3,4]}]}`,
		`{"version":1,"date":"2026-01-01T00:00:00Z","rounds":1,"contestants":[{"name":"b"}],"failures":[{"case":"H","contestant":"b","round":1,"text":"t"}]}`,
		`{"version":1,"date":"2026-01-01T00:00:00Z","rounds":2,"contestants":[{"name":"boostd"},{"name":"<&|\u0000"}],` +
			`"figures":[{"case":"M","contestant":"boostd","measure":"m","unit":"u","rounds":[0,null]}],` +
			`"waits":[{"contestant":"<&|\u0000","quantiles":[0,0.9999999999999999],"ms":[0,1e-320]}],` +
			`"series":[{"plot":"throughput","contestant":"boostd","x":[0,1e-300,1e15],"y":[0,1e15,1e-300]},{"plot":"memory","contestant":"boostd","x":[5],"y":[0]}]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Decode(text)
		if err != nil {
			return
		}
		once, err := Encode(r)
		if err != nil {
			t.Fatalf("decoded, but: %v", err)
		}
		back, err := Decode(once)
		if err != nil {
			t.Fatalf("encoded, but: %v", err)
		}
		if twice, err := Encode(back); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%v; encoded twice:\n%s\n%s", err, once, twice)
		}
		r.Markdown(Page{Goals: sampleGoals()})
		r.Text(sampleGoals())
		Compare(r, sample(), sampleGoals(), 0.15)
		for _, p := range Plots(r) {
			wellFormed(t, p.SVG)
			inside(t, p.SVG)
		}
	})
}

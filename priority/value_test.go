package priority

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
	"testing"
)

func TestValuePriority(t *testing.T) {
	type result struct {
		n            int64
		found, valid bool
	}
	of := func(n int64) result { return result{n, true, true} }
	none, mistyped := result{}, result{0, true, false}
	const largest = 1 << 53
	for value, want := range map[string]result{
		`{"priority": 7}`:                       of(7),
		" \t\r\n{\"priority\":7}\n":             of(7),
		`{"priority": 7.0}`:                     of(7),
		`{"priority": 7e0}`:                     of(7),
		`{"priority": 70E-1}`:                   of(7),
		`{"priority": 1e3}`:                     of(1000),
		`{"priority": -1}`:                      of(-1),
		`{"priority": -0.0}`:                    of(0),
		`{"priority": "7"}`:                     of(7),
		`{"priority": " 7.0\n"}`:                of(7),
		`{"priority": "\u0037"}`:                of(7),
		`{"prior\u0069ty": 7}`:                  of(7),
		`{"priority": 9223372036854775807}`:     of(9223372036854775807),
		`{"priority": 99999999999999999999}`:    of(largest),
		`{"priority": -1e400}`:                  of(-largest),
		`{"priority": 1` + zeros(100) + `}`:     of(largest),
		`{"priority": 7.` + zeros(100) + `}`:    of(7),
		`{"priority": 3, "a": 1, "priority":7}`: of(7),
		`{"priority": 7, "priority": null}`:     none,
		`{"priority": 7, "priority": "x"}`:      mistyped,
		`{"priority": 7.5}`:                     mistyped,
		`{"priority": true}`:                    mistyped,
		`{"priority": {"priority": 7}}`:         mistyped,
		`{"priority": [7]}`:                     mistyped,
		`{"priority": ""}`:                      mistyped,
		`{"priority": "high"}`:                  mistyped,
		`{"priority": "0x7"}`:                   mistyped,
		`{"priority": "Inf"}`:                   mistyped,
		`{"priority": "NaN"}`:                   mistyped,
		`{"priority": "1_0"}`:                   mistyped,
		`{"priority": "7 8"}`:                   mistyped,
		`{"priority": "e"}`:                     mistyped,
		`{"priority": null}`:                    none,
		`{"Priority": 7}`:                       none,
		`{"a": {"priority": 7}}`:                none,
		`{}`:                                    none,
		``:                                      none,
		` `:                                     none,
		`7`:                                     none,
		`"priority"`:                            none,
		`[{"priority": 7}]`:                     none,
		`{"priority": 7`:                        none,
		`{"priority": 7} x`:                     none,
		`{"priority": 7}{}`:                     none,
		`{"priority": 07}`:                      none,
		`{"priority": +7}`:                      none,
		`{"priority": NaN}`:                     none,
		`{"priority": 7,}`:                      none,
		"\xef\xbb\xbf" + `{"priority": 7}`:      none,
		"\x00\x00\x00\x00\x01{\"priority\": 7}": none, // a schema registry's prefix
		`{"priority": 7, "a": ` + nested(maxValueDepth-1) + `}`:                    of(7),
		`{"priority": 7, "a": ` + nested(maxValueDepth) + `}`:                      none,
		`{"priority": 7, "a": "` + strings.Repeat(`[\"`, 2*maxValueDepth) + `"}`:   of(7),
		`{"priority": 7, "a": [` + strings.Repeat(`[],`, 2*maxValueDepth) + `{}]}`: of(7),
		`{"priority": 7, "a": ` + strings.Repeat(`[`, 20<<20):                      none,
		`{"priority": 7, "a": ` + strings.Repeat(`{"":`, 5<<20):                    none,
	} {
		c := new(place).read([]byte(value))
		if got := (result{c.level, c.found, c.valid}); got != want {
			t.Errorf("%.60s\n got %+v\nwant %+v", value, got, want)
		}
	}
}

func zeros(n int) string  { return strings.Repeat("0", n) }
func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// slowPriority is a value's priority by the standard library alone. exact is false
// for numbers that floating point rounds, or that would take too long here.
func slowPriority(value []byte) (n int64, found, valid, exact bool) {
	var object map[string]json.RawMessage
	if json.Unmarshal(value, &object) != nil {
		return 0, false, false, true
	}
	raw := object["priority"]
	if raw == nil || string(raw) == "null" {
		return 0, false, false, true
	}
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			panic(err)
		}
		text = strings.TrimSpace(text)
	}
	if !number.MatchString(text) {
		return 0, true, false, true
	}
	if inexact.MatchString(text) {
		return 0, true, false, false
	}
	f, ok := new(big.Rat).SetString(text)
	switch {
	case !ok || !f.IsInt():
		return 0, true, false, true
	case f.Num().IsInt64() && (f.Num().BitLen() <= 53 || whole.MatchString(text)):
		return f.Num().Int64(), true, true, true
	case f.Sign() > 0:
		return 1 << 53, true, true, true
	}
	return -1 << 53, true, true, true
}

var (
	number  = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
	whole   = regexp.MustCompile(`^[+-]?[0-9]+$`)
	inexact = regexp.MustCompile(`[0-9.]{16}|[eE][+-]?[0-9]{3}`)
)

// Two readers agree on every value.
func FuzzValuePriority(f *testing.F) {
	for _, seed := range []string{
		`{"priority": 7}`, `{"priority": 3, "\u0070riority": "7.0"}`, `{"a": [{"priority": 1}], "priority": null}`,
		`{"priority": -1e2, "priority": "x\ud800"}`, "{\"priority\": \"\xff\"}", `{"priority": 1.5}`, `{"":{},"priority":true}`,
		`{"priority": 1e17}`, `{"priority": "+.5e1"}`, `{"priority": "-7."}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		c := new(place).read(value)
		n, found, valid := c.level, c.found, c.valid
		wantN, wantFound, wantValid, exact := slowPriority(value)
		if found != wantFound || exact && (n != wantN || valid != wantValid) {
			t.Errorf("%q\n got %d, %v, %v\nwant %d, %v, %v", value, n, found, valid, wantN, wantFound, wantValid)
		}
	})
}

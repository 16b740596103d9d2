package priority

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/kafkaboost/boostd"
)

func TestEmbed(t *testing.T) {
	for value, want := range map[string]string{
		`{"a": 1}`:                            `{"a": 1, "priority": 7}`,
		`{}`:                                  `{"priority": 7}`,
		` { } ` + "\n":                        ` { "priority": 7} ` + "\n",
		`{"priority": 3, "a": 1}`:             `{"priority": 7, "a": 1}`,
		`{"a":{"priority":3},"priority":"x"}`: `{"a":{"priority":3},"priority":7}`,
		`{"priority":3,"priority": [1, 2] }`:  `{"priority":7,"priority": 7 }`,
		`{"prior\u0069ty": null}`:             `{"prior\u0069ty": 7}`,
		`{"priority": 7}`:                     `{"priority": 7}`,
		`{"priority": 7.0}`:                   `{"priority": 7}`,
		`[1]`:                                 `[1]`,
		`text`:                                `text`,
		``:                                    ``,
		`{"a": 1`:                             `{"a": 1`,
	} {
		if got := string(Embed([]byte(value), 7)); got != want {
			t.Errorf("%s\n got %s\nwant %s", value, got, want)
		}
	}
}

// What is embedded is what consumers read, and the rest is what it was.
func FuzzEmbed(f *testing.F) {
	for _, seed := range []string{`{"a": 1}`, `{}`, `{"priority": 3, "priority": "x", "b": [{"priority": 1}]}`, `{"prior\u0069ty": 1e5 }` + "\n", `[]`} {
		f.Add([]byte(seed), 7)
	}
	f.Fuzz(func(t *testing.T, value []byte, level int) {
		var before, after map[string]any
		got := Embed(value, boostd.Level(level))
		if err := json.Unmarshal(value, &before); err != nil || before == nil {
			if string(got) != string(value) && err != nil {
				t.Fatalf("%q, which is no object, became %q", value, got)
			}
			return
		}
		if err := json.Unmarshal(got, &after); err != nil {
			t.Fatalf("%q became %q: %v", value, got, err)
		}
		if there, same := Embedded(got, boostd.Level(level)); !there || !same {
			t.Errorf("%q became %q", value, got)
		}
		delete(before, Header)
		delete(after, Header)
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%q became %q", value, got)
		}
	})
}

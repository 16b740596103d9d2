package configwatch

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/kafkaboost/boostd/priority"
)

var wrappings = []struct{ answer, want string }{
	{`{"config": {"max_priority": 3}}`, `{"max_priority": 3}`},
	{"\xef\xbb\xbf{ \"config\" :\n { \"x\": [1, 2] }\n } \n", `{ "x": [1, 2] }`},
	{`{"status": "ok", "config": {}, "took": {"ms": 3}}`, `{}`},
	{`{"\u0063onfig": {"config": []}}`, `{"config": []}`},
	{`{"config": {"config": {}}}`, ""},
	{`{"config": {"x": 1, "config": {}, "config": 3}}`, ""},
	{`{"config": {}, "max_priority": 5}`, ""},
	{`{"boostd": {}, "config": {}}`, ""},
	{`{"config": {}, "config": {}}`, ""},
	{`{"config": [], "x": 1}`, ""},
	{`{"config": "{}"}`, ""},
	{`{"config": null}`, ""},
	{`{"Config": {}}`, ""},
	{`[{"config": {}}]`, ""},
	{`{"config": {}} {}`, ""},
	{`{"config": {}}}`, ""},
	{`{"config": {}`, ""},
	{`{"config": {"x": }}`, ""},
	{`{"max_priority": 3}`, ""},
	{`{}`, ""}, {``, ""}, {`null`, ""}, {`<html>`, ""},
}

func TestUnwrapped(t *testing.T) {
	for _, c := range wrappings {
		if c.want == "" {
			c.want = c.answer
		}
		if got := string(unwrapped([]byte(c.answer))); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.answer, got, c.want)
		}
	}
}

// TestOwnKeys compares the list with what a document knows: no key of its may be
// dropped as something that stands beside.
func TestOwnKeys(t *testing.T) {
	var schema struct{ Properties map[string]any }
	if err := json.Unmarshal(priority.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	if got, want := slices.Sorted(slices.Values(own)), slices.Sorted(maps.Keys(schema.Properties)); !slices.Equal(got, want) {
		t.Errorf("own keys are %q, a document has %q", got, want)
	}
}

// FuzzUnwrapped holds that what is taken out stands in the answer, and means what
// the whole answer means to who reads the document; what stands beside may be bad.
func FuzzUnwrapped(f *testing.F) {
	for _, c := range wrappings {
		f.Add([]byte(c.answer))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		inner := unwrapped(answer)
		if !bytes.Contains(answer, inner) {
			t.Fatalf("%q isn't in %q", inner, answer)
		}
		want, _, whole := priority.Parse(answer)
		got, _, taken := priority.Parse(inner)
		if whole == nil && taken != nil {
			t.Fatalf("%q is good, but %q is %v", answer, inner, taken)
		}
		if whole == nil && !reflect.DeepEqual(got, want) && len(inner) != len(answer) {
			t.Fatalf("%q means %+v, but %q means %+v", answer, want, inner, got)
		}
	})
}

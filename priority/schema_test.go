package priority

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("settings.schema.json", text); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("settings.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func judge(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// What the schema refuses Parse refuses, and what Parse accepts the schema does.
func TestSchema(t *testing.T) {
	s := schema(t)
	for _, good := range []string{`{}`, document, full, `{"max_priority": null, "Priority_boost": null, "boostd": null, "x": 1}`, `{"boostd": {"policy": null}}`, `{"boostd": {"policy": {}}}`, `{"boostd": {"policy": {"mode": "exclusive", "max_wait": "0", "reserve": {"10": 1}}}}`,
		`{"boostd": {"policy": {"mode": null, "max_wait": "1h30.5m", "min_share": null, "reserve": null}}}`, string(Example("a", 1, 2, 3).Encode())} {
		if err := judge(t, s, good); err != nil {
			t.Errorf("%s\n%v", good, err)
		}
		if _, _, err := Parse([]byte(good)); err != nil {
			t.Errorf("%s\n%v", good, err)
		}
	}
	for name, good := range resolutionDocuments {
		if err := judge(t, s, good); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{
		`[]`, `{"max_priority": "10"}`, `{"max_priority": 1001}`, `{"max_priority": 1.5}`, `{"default_priority": -1}`, `{"user_id": 1}`,
		`{"Priority_boost": {}}`, `{"Priority_boost": [{}]}`, `{"Priority_boost": [{"topic_name": "a b"}]}`, `{"Priority_boost": [{"topic_name": "a", "number_of_partitions": -1}]}`,
		`{"Priority_boost": [{"topic_name": "a", "number_of_partitions": 1, "partitions_by_level": [1]}]}`,
		`{"Priority_boost": [{"topic_name": "a", "number_of_partitions": 1, "partitions_by_level": {"x": 1}}]}`,
		`{"Priority_boost": [{"topic_name": "a", "number_of_partitions": 1, "partitions_by_level": {"1": "x"}}]}`,
		`{"Topics_priority": [{"topic": "a"}]}`, `{"Topics_priority": [{"priority": 1}]}`,
		`{"Rule_Base_priority": [{"role_name": "a", "value": "b"}]}`, `{"Rule_Base_priority": [{"role_name": "a", "value": [], "priority": 1}]}`,
		`{"Rule_Base_priority": [{"role_name": 1, "value": "b", "priority": 1}]}`,
		`{"boostd": []}`, `{"boostd": {"x": 1}}`, `{"boostd": {"value_priority": "sometimes"}}`, `{"boostd": {"value_priority": 1}}`, `{"boostd": {"rules_by_role": "yes"}}`,
		`{"boostd": {"rules": [{"expr": "true"}]}}`, `{"boostd": {"rules": [{"priority": 1}]}}`, `{"boostd": {"rules": [{"expr": "true", "priority": 1, "x": 1}]}}`,
		`{"boostd": {"policy": []}}`, `{"boostd": {"policy": {"mode": "fair"}}}`, `{"boostd": {"policy": {"mode": 1}}}`, `{"boostd": {"policy": {"max_wait": 30}}}`,
		`{"boostd": {"policy": {"max_wait": "30"}}}`, `{"boostd": {"policy": {"max_wait": "-1s"}}}`, `{"boostd": {"policy": {"min_share": {"x": 5}}}}`, `{"boostd": {"policy": {"min_share": {"0": 0}}}}`,
		`{"boostd": {"policy": {"min_share": {"0": 91}}}}`, `{"boostd": {"policy": {"min_share": {"0": "5"}}}}`, `{"boostd": {"policy": {"min_share": [5]}}}`,
		`{"boostd": {"policy": {"reserve": {"0": 1}}}}`, `{"boostd": {"policy": {"reserve": {"1-2": 1}}}}`, `{"boostd": {"policy": {"reserve": {"8": 0}}}}`, `{"boostd": {"policy": {"share": {}}}}`,
		`{"boostd": {"rules": [{"expr": "", "priority": 1}]}}`, `{"boostd": {"rules": [{"expr": 1, "priority": 1}]}}`,
	} {
		if judge(t, s, bad) == nil {
			t.Errorf("the schema accepts %s", bad)
		}
		if _, _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("Parse accepts %s", bad)
		}
	}
}

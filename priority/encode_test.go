package priority

import (
	"reflect"
	"strings"
	"testing"
)

const full = `{
  "user_id": "user<1>",
  "max_priority": 8,
  "default_priority": 2,
  "Priority_boost": [
    {
      "topic_name": "orders",
      "priority_boost_min_value": 5,
      "number_of_partitions": 9,
      "partitions_by_level": {
        "7": 3,
        "8": 1
      },
      "color": "red"
    }
  ],
  "Topics_priority": [
    {
      "topic": "mail",
      "priority": 3,
      "owner": [
        1,
        {
          "a": null
        }
      ]
    }
  ],
  "Rule_Base_priority": [
    {
      "role_name": "a.b",
      "value": 1.50,
      "priority": 4,
      "note": "<&>"
    },
    {
      "role_name": "",
      "value": null,
      "priority": 4
    }
  ],
  "boostd": {
    "rules": [
      {
        "name": "large",
        "expr": "value.amount > 1.0 && key != '<'",
        "priority": 6
      }
    ],
    "value_priority": "unless_default",
    "rules_by_role": true,
    "policy": {
      "mode": "strict",
      "max_wait": "30s",
      "min_share": {
        "0": 5,
        "3-5": 10
      },
      "reserve": {
        "6": 4,
        "8": 2
      }
    }
  },
  "hash_code": "abc",
  "z": 1e400
}
`

// A rewritten document has everything that it had.
func TestEncode(t *testing.T) {
	s, warnings, err := Parse([]byte(full))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(s.Encode()); got != full {
		t.Errorf("got\n%s\nwant\n%s", got, full)
	}
	if len(warnings) != 6 { // color, owner, note, hash_code, z, the rule that is blank
		t.Errorf("warnings:\n%v", Problems(warnings))
	}
	again, _, err := Parse(s.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(public(s), public(again)) {
		t.Errorf("got  %+v\nwant %+v", public(again), public(s))
	}
}

func TestExample(t *testing.T) {
	s := Example("orders", 5, 10, 3)
	again, warnings, err := Parse(s.Encode())
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	if public(again).Boosts[0].Topic != "orders" || len(again.Plan([]string{"orders"})) != 6 {
		t.Errorf("got %+v", again)
	}
	if strings.Contains(string(s.Encode()), "user_id") {
		t.Error("an empty user is written")
	}
}

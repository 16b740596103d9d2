package priority

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
)

func TestParse(t *testing.T) {
	boosted := func(b ...Boost) Settings { return Settings{MaxPriority: 10, Boosts: b} }
	for _, c := range []struct {
		name, text string
		want       Settings
		warnings   []string
	}{
		{"README's", `{
  "user_id": "user123",
  "max_priority": 10,
  "default_priority": 0,
  "Priority_boost": [{"topic_name": "orders", "priority_boost_min_value": 5, "number_of_partitions": 9}],
  "Topics_priority": [{"topic": "notifications", "priority": 8}],
  "Rule_Base_priority": [{"role_name": "admin", "value": "high", "priority": 9}]
}`, Settings{UserID: "user123", MaxPriority: 10, Boosts: []Boost{{Topic: "orders", Min: 5, Partitions: 9}},
			Topics: []TopicPriority{{Topic: "notifications", Priority: 8}}, Rules: []*Rule{{Field: "admin", Value: "high", Priority: 9}}}, nil},
		{"empty object", `{}`, Settings{MaxPriority: 10}, nil},
		{"everything null", `{"user_id": null, "max_priority": null, "default_priority": null, "Priority_boost": null, "Topics_priority": null, "Rule_Base_priority": null}`,
			Settings{MaxPriority: 10}, nil},
		{"byte order mark", "\xef\xbb\xbf\n" + `{"max_priority": 3, "x": 1}`, Settings{MaxPriority: 3}, []string{"2:26: /x: unknown key, kept but without an effect"}},
		{"wrapped", `{"config": {"max_priority": 3, "x": 1}}`, Settings{MaxPriority: 3}, []string{"1:37: /config/x: unknown key, kept but without an effect"}},
		{"wrapped with more", `{"status": "ok", "config": {"max_priority": 3}, "max_priority": 5}`, Settings{MaxPriority: 3}, []string{
			"1:12: /status: stands beside config, ignored",
			"1:65: /max_priority: stands beside config, ignored",
		}},
		{"config that isn't an object", `{"config": "x", "max_priority": 3}`, Settings{MaxPriority: 3}, []string{"1:12: /config: unknown key, kept but without an effect"}},
		{"whole numbers", `{"max_priority": 7.0, "default_priority": 5e0, "Topics_priority": [{"topic": "a", "priority": -0}]}`,
			Settings{MaxPriority: 7, DefaultPriority: 5, Topics: []TopicPriority{{Topic: "a", Priority: 0}}}, nil},
		{"partitions 0, null, absent", `{"Priority_boost": [
 {"topic_name": "a", "number_of_partitions": 0},
 {"topic_name": "b", "number_of_partitions": null, "priority_boost_min_value": null},
 {"topic_name": "c", "priority_boost_min_value": 10}]}`,
			boosted(Boost{Topic: "a", Min: 0, Partitions: 1}, Boost{Topic: "b", Min: 0, Partitions: 1}, Boost{Topic: "c", Min: 10, Partitions: 1}), []string{
				"2:46: /Priority_boost/0/number_of_partitions: 0 partitions can't be: 1 is used",
				"3:2: /Priority_boost/1: number_of_partitions is absent: 1 is used",
				"4:2: /Priority_boost/2: number_of_partitions is absent: 1 is used",
			}},
		{"limits", `{"max_priority": 1000, "default_priority": 1000, "Priority_boost": [{"topic_name": "a", "priority_boost_min_value": 1000, "number_of_partitions": 10000}]}`,
			Settings{MaxPriority: 1000, DefaultPriority: 1000, Boosts: []Boost{{Topic: "a", Min: 1000, Partitions: 10000}}}, nil},
		{"max 0", `{"max_priority": 0, "Priority_boost": [{"topic_name": "a", "number_of_partitions": 1}]}`, Settings{Boosts: []Boost{{Topic: "a", Min: 0, Partitions: 1}}}, nil},
		{"unknown keys", `{"hash_code": {"x": {}}, "a/b~c": 1,
 "Priority_boost": [{"topic_name": "a", "number_of_partitions": 1, "color": "red"}],
 "Topics_priority": [{"topic": "a", "priority": 1, "color": "red"}, {"topic": "b", "priority": 1, "color": "blue"}], "max-priority": 3}`,
			Settings{MaxPriority: 10, Boosts: []Boost{{Topic: "a", Min: 0, Partitions: 1}}, Topics: []TopicPriority{{Topic: "a", Priority: 1}, {Topic: "b", Priority: 1}}}, []string{
				"1:15: /hash_code: unknown key, kept but without an effect",
				"1:35: /a~1b~0c: unknown key, kept but without an effect",
				"2:77: /Priority_boost/0/color: unknown key, kept but without an effect",
				"3:61: /Topics_priority/0/color: unknown key, kept but without an effect",
				`3:134: /max-priority: unknown key, kept but without an effect, did you mean "max_priority"?`,
			}},
		{"escaped names", `{"Topics_priority": [{"\u0074opic": "\u0061.b", "priority": 1}]}`, Settings{MaxPriority: 10, Topics: []TopicPriority{{Topic: "a.b", Priority: 1}}}, nil},
		{"rules", `{"Rule_Base_priority": [{"role_name": "a", "value": 3.0, "priority": 1}, {"role_name": "a", "value": null, "priority": 2}, {"role_name": null, "value": "b", "priority": 2, "x": 1}],
 "boostd": {"value_priority": "never", "rules_by_role": true, "rules": [{"name": "n", "expr": "true", "priority": 3}]}}`,
			Settings{MaxPriority: 10, ValuePriority: ValueNever, RulesByRole: true, Rules: []*Rule{{Field: "a", Value: "3", Priority: 1}, {Field: "a", Priority: 2},
				{Value: "b", Priority: 2}, {Expr: "true", Name: "n", Priority: 3}}}, []string{
				"1:74: /Rule_Base_priority/1: value is missing: the rule never matches",
				"1:124: /Rule_Base_priority/2: role_name is missing: the rule never matches",
				"1:178: /Rule_Base_priority/2/x: unknown key, kept but without an effect",
			}},
		{"partitions by level", `{"Priority_boost": [{"topic_name": "a", "number_of_partitions": 2, "partitions_by_level": {"10": 3, "9": 0}}]}`,
			boosted(Boost{Topic: "a", Partitions: 2, ByLevel: map[boostd.Level]int{10: 3, 9: 1}}),
			[]string{"1:106: /Priority_boost/0/partitions_by_level/9: 0 partitions can't be: 1 is used"}},
		{"names that only look alike", `{"max_priority": 12, "Priority_boost": [{"topic_name": "a", "priority_boost_min_value": 5, "number_of_partitions": 1}],
 "Topics_priority": [{"topic": "a_4", "priority": 1}, {"topic": "a_13", "priority": 1}, {"topic": "a_05", "priority": 1}, {"topic": "A_5", "priority": 1}]}`,
			Settings{MaxPriority: 12, Boosts: []Boost{{Topic: "a", Min: 5, Partitions: 1}}, Topics: []TopicPriority{{Topic: "a_4", Priority: 1}, {Topic: "a_13", Priority: 1}, {Topic: "a_05", Priority: 1}, {Topic: "A_5", Priority: 1}}}, nil},
		{"long and wild keys", `{"` + strings.Repeat("ö", 200_000) + `": [0` + strings.Repeat(",0", 200_000) + `], "\u001b[2J\n": 1}`, Settings{MaxPriority: 10}, []string{
			"1:400006: /" + strings.Repeat("ö", 50) + "…: unknown key, kept but without an effect",
			"1:800026: /\ufffd[2J\ufffd: unknown key, kept but without an effect",
		}},
		{"nested as deep as allowed", `{"x": ` + nested(100) + `}`, Settings{MaxPriority: 10}, []string{"1:7: /x: unknown key, kept but without an effect"}},
		{"as large as allowed", `{"x": [0` + strings.Repeat(",0", (MaxDocument-9)/2) + `]}`, Settings{MaxPriority: 10}, []string{"1:7: /x: unknown key, kept but without an effect"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, warnings, err := Parse([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if public := public(got); !reflect.DeepEqual(public, c.want) {
				t.Errorf("got  %+v\nwant %+v", public, c.want)
			}
			compare(t, Problems(warnings), c.warnings)
		})
	}
}

// public are the settings without what follows from them and what is only kept.
func public(s *Settings) Settings {
	public := *s
	public.boosts, public.topics, public.unknown = nil, nil, nil
	for n := range public.Boosts {
		public.Boosts[n].unknown = nil
	}
	for n := range public.Topics {
		public.Topics[n].unknown = nil
	}
	for n, r := range public.Rules {
		public.Rules[n] = &Rule{Field: r.Field, Value: r.Value, Expr: r.Expr, Name: r.Name, Priority: r.Priority}
	}
	return public
}

func compare(t *testing.T, got Problems, want []string) {
	t.Helper()
	if text := strings.Join(want, "\n"); got.Error() != text {
		t.Errorf("got\n%s\nwant\n%s", got, text)
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"empty", ``, []string{"document is empty"}},
		{"blank", "\xef\xbb\xbf \n", []string{"document is empty"}},
		{"HTML", "\n<!DOCTYPE html><html>503</html>", []string{"document is an HTML or XML page, not JSON: probably an error page of the server it came from"}},
		{"text", `Service unavailable`, []string{"1:1: not JSON: invalid character 'S' looking for beginning of value"}},
		{"not UTF-8", "{\"user_id\": \"\xff\"}", []string{"document is not UTF-8"}},
		{"UTF-16", "\xff\xfe{\x00}\x00", []string{"document is not UTF-8"}},
		{"binary", "\x1f\x8b\x08\x00", []string{"document is not UTF-8"}},
		{"oversized", strings.Repeat(" ", MaxDocument+1), []string{"document has 1048577 bytes: at most 1048576 are allowed"}},
		{"list", `[]`, []string{`1:1: want an object, such as {"max_priority": 10}`}},
		{"null", "\n null", []string{`2:2: want an object, such as {"max_priority": 10}`}},
		{"truncated", "{\n  \"max_priority\": 10,\n  \"Priority_boost\": [{\"topic_name\": \"or", []string{"3:37: the document ends in the middle: it was probably truncated"}},
		{"truncated between", `{"max_priority": 10,`, []string{"1:21: the document ends in the middle: it was probably truncated"}},
		{"truncated in a number", `{"max_priority": 1`, []string{"1:19: the document ends in the middle: it was probably truncated"}},
		{"text behind", `{} x`, []string{"1:4: text after the end of the document"}},
		{"second document", "{}\n{}", []string{"2:1: text after the end of the document"}},
		{"NaN", "{\n\"max_priority\": NaN}", []string{"2:17: not JSON: invalid character 'N' looking for beginning of value"}},
		{"Infinity", `{"max_priority": -Infinity}`, []string{"1:18: not JSON: invalid character 'I' in numeric literal"}},
		{"comment", "{ // priorities\n}", []string{"1:3: not JSON: invalid character '/'"}},
		{"comma at the end", `{"max_priority": 1,}`, []string{"1:20: not JSON: invalid character '}' looking for beginning of object key string"}},
		{"comma at the end of a list", `{"Priority_boost": [1,]}`, []string{"1:23: not JSON: invalid character ']' looking for beginning of value"}},
		{"comma missing", "{\"max_priority\": 1\n\"default_priority\": 1}", []string{`2:1: not JSON: invalid character '"' after object key:value pair`}},
		{"colon missing", `{"max_priority" 1}`, []string{"1:17: not JSON: invalid character '1' after object key"}},
		{"single quotes", `{'max_priority': 1}`, []string{"1:2: not JSON: invalid character '\\''"}},
		{"key of the wrong type", `{1: 1}`, []string{"1:2: not JSON: invalid character '1'"}},
		{"wrong bracket", `{"Priority_boost": [}`, []string{"1:21: not JSON: invalid character '}' looking for beginning of value"}},
		{"leading zero", `{"max_priority": 010}`, []string{"1:19: not JSON: invalid character '1' after object key:value pair"}},
		{"control character", "{\"user_id\": \"a\nb\"}", []string{"1:13: not JSON: invalid character '\\n' in string literal"}},
		{"nested too deep", `{"x": ` + nested(101) + `}`, []string{"1:107: nested deeper than 100"}},
		{"nested far too deep", strings.Repeat(`[`, MaxDocument), []string{"1:102: nested deeper than 100"}},
		{"duplicate keys", "{\"max_priority\": 1, \"Priority_boost\": [{\"topic_name\": \"a\",\n \"topic_name\": \"b\"}],\n \"max_\\u0070riority\": 2}", []string{
			"2:2: /Priority_boost/0/topic_name: key stands here twice",
			"3:2: /max_priority: key stands here twice",
		}},
		{"huge numbers", `{"max_priority": 1e400, "default_priority": 99999999999999999999999999999999999999999999}`, []string{
			"1:18: /max_priority: want a whole number, got 1e400",
			"1:45: /default_priority: want a whole number, got 9999999999999999999999999999999999999999",
		}},
		{"not whole", `{"max_priority": 9.5, "default_priority": "1"}`, []string{
			"1:18: /max_priority: want a whole number, got 9.5",
			"1:43: /default_priority: want a whole number, got a text",
		}},
		{"wrong types", `{"user_id": 1, "max_priority": [], "default_priority": true, "Priority_boost": {}, "Topics_priority": "x", "Rule_Base_priority": 1}`, []string{
			"1:13: /user_id: want a text, got a number",
			"1:32: /max_priority: want a whole number, got a list",
			"1:56: /default_priority: want a whole number, got a boolean",
			"1:80: /Priority_boost: want a list, got an object",
			"1:103: /Topics_priority: want a list, got a text",
			"1:130: /Rule_Base_priority: want a list, got a number",
		}},
		{"wrong types inside", `{"Priority_boost": [1, {"topic_name": 1, "priority_boost_min_value": "5", "number_of_partitions": 1.5}],
 "Topics_priority": [null, {"topic": [], "priority": {}}], "Rule_Base_priority": ["x"]}`, []string{
			"1:21: /Priority_boost/0: want an object, got a number",
			"1:39: /Priority_boost/1/topic_name: want a text, got a number",
			"1:70: /Priority_boost/1/priority_boost_min_value: want a whole number, got a text",
			"1:99: /Priority_boost/1/number_of_partitions: want a whole number, got 1.5",
			"2:22: /Topics_priority/0: want an object, got null",
			"2:38: /Topics_priority/1/topic: want a text, got a list",
			"2:54: /Topics_priority/1/priority: want a whole number, got an object",
			"2:83: /Rule_Base_priority/0: want an object, got a text",
		}},
		{"missing inside", `{"Priority_boost": [{}, {"topic_name": null}], "Topics_priority": [{}, {"topic": null, "priority": null}]}`, []string{
			"1:21: /Priority_boost/0: topic_name is missing",
			"1:25: /Priority_boost/1: topic_name is missing",
			"1:68: /Topics_priority/0: topic is missing",
			"1:68: /Topics_priority/0: priority is missing",
			"1:72: /Topics_priority/1: topic is missing",
			"1:72: /Topics_priority/1: priority is missing",
		}},
		{"max out of range", `{"max_priority": 1001, "default_priority": -1}`, []string{"1:18: /max_priority: is 1001: want 0 to 1000"}},
		{"max negative", `{"max_priority": -1}`, []string{"1:18: /max_priority: is -1: want 0 to 1000"}},
		{"levels out of range", `{"max_priority": 5, "default_priority": 6, "Priority_boost": [{"topic_name": "a", "priority_boost_min_value": 6, "number_of_partitions": 10001}],
 "Topics_priority": [{"topic": "a", "priority": -1}]}`, []string{
			"1:41: /default_priority: is 6: want 0 to max_priority, which is 5",
			"1:111: /Priority_boost/0/priority_boost_min_value: is 6: want 0 to max_priority, which is 5",
			"1:138: /Priority_boost/0/number_of_partitions: is 10001: want 1 to 10000",
			"2:49: /Topics_priority/0/priority: is -1: want 0 to max_priority, which is 5",
		}},
		{"default above the max that is absent", `{"default_priority": 11}`, []string{"1:22: /default_priority: is 11: want 0 to max_priority, which is 10"}},
		{"negative", `{"Priority_boost": [{"topic_name": "a", "priority_boost_min_value": -1, "number_of_partitions": -1}]}`, []string{
			"1:69: /Priority_boost/0/priority_boost_min_value: is -1: want 0 to max_priority, which is 10",
			"1:97: /Priority_boost/0/number_of_partitions: is -1: want 1 to 10000",
		}},
		{"names", `{"Priority_boost": [{"topic_name": "", "number_of_partitions": 1}, {"topic_name": "a b", "number_of_partitions": 1}],
 "Topics_priority": [{"topic": "__a", "priority": 1}, {"topic": "", "priority": 1}]}`, []string{
			"1:36: /Priority_boost/0/topic_name: topic name is empty",
			`1:83: /Priority_boost/1/topic_name: topic name "a b" contains ' ': allowed are letters, digits, '.', '_' and '-'`,
			`2:32: /Topics_priority/0/topic: topic name "__a" begins with __, which is Kafka's own`,
			"2:65: /Topics_priority/1/topic: topic name is empty",
		}},
		{"derived name too long", `{"max_priority": 100, "Priority_boost": [{"topic_name": "` + strings.Repeat("x", 246) + `", "number_of_partitions": 1}]}`, []string{
			"1:57: /Priority_boost/0/topic_name: level 100 of \"" + strings.Repeat("x", 246) + "\" would use topic \"" + strings.Repeat("x", 246) + "_100\", which has 250 characters, Kafka allows 249",
		}},
		{"boosted twice", `{"Priority_boost": [{"topic_name": "a", "number_of_partitions": 1}, {"topic_name": "a", "number_of_partitions": 1},
 {"topic_name": "a", "priority_boost_min_value": 3, "number_of_partitions": 1}]}`, []string{
			`1:84: /Priority_boost/1/topic_name: topic "a" is boosted twice`,
			`2:17: /Priority_boost/2/topic_name: topic "a" is boosted twice`,
		}},
		{"two priorities", `{"Topics_priority": [{"topic": "a", "priority": 1}, {"topic": "a", "priority": 1}]}`, []string{`1:63: /Topics_priority/1/topic: topic "a" has two priorities`}},
		{"derived name boosted itself", `{"Priority_boost": [{"topic_name": "a", "number_of_partitions": 1}, {"topic_name": "a_5", "number_of_partitions": 1}]}`, []string{`1:36: /Priority_boost/0/topic_name: level 5 of "a" would use topic "a_5", which is configured itself as "a_5"`}},
		{"derived name with a priority", `{"Topics_priority": [{"topic": "a.5", "priority": 1}],
 "Priority_boost": [{"topic_name": "a", "number_of_partitions": 1}]}`, []string{`2:36: /Priority_boost/0/topic_name: level 5 of "a" would use topic "a_5", which is configured itself as "a.5"`}},
		{"derived names alike", `{"Priority_boost": [{"topic_name": "a.b", "priority_boost_min_value": 9, "number_of_partitions": 1}, {"topic_name": "a_b", "priority_boost_min_value": 10, "number_of_partitions": 1}]}`, []string{`1:117: /Priority_boost/1/topic_name: level 10 of "a_b" would use topic "a_b_10", which "a.b" uses too`}},
		{"wrapped", "{\"config\":\n {\"max_priority\": 1, \"default_priority\": 2, \"Priority_boost\": [{}]}}", []string{
			"2:42: /config/default_priority: is 2: want 0 to max_priority, which is 1",
			"2:64: /config/Priority_boost/0: topic_name is missing",
		}},
		{"rules", `{"max_priority": 5, "Rule_Base_priority": [{"role_name": 1, "value": [], "priority": 6}, {"role_name": "a", "value": "b"}, {"role_name": "a", "value": {}, "priority": "1"}]}`, []string{
			"1:58: /Rule_Base_priority/0/role_name: want a text, got a number",
			"1:70: /Rule_Base_priority/0/value: want a text, a number or a boolean, got a list",
			"1:86: /Rule_Base_priority/0/priority: is 6: want 0 to max_priority, which is 5",
			"1:90: /Rule_Base_priority/1: priority is missing",
			"1:152: /Rule_Base_priority/2/value: want a text, a number or a boolean, got an object",
			"1:168: /Rule_Base_priority/2/priority: want a whole number, got a text",
		}},
		{"partitions by level", `{"max_priority": 5, "Priority_boost": [{"topic_name": "a", "priority_boost_min_value": 3, "number_of_partitions": 1, "partitions_by_level": {"2": 1, "6": 1, "05": 1, "x": 1, "4": -1, "5": "1"}},
 {"topic_name": "b", "number_of_partitions": 1, "partitions_by_level": [3]}]}`, []string{
			"1:147: /Priority_boost/0/partitions_by_level/2: level 2 has no topic: want 3 to 5",
			"1:155: /Priority_boost/0/partitions_by_level/6: level 6 has no topic: want 3 to 5",
			"1:164: /Priority_boost/0/partitions_by_level/05: want a level as key, a whole number such as \"10\"",
			"1:172: /Priority_boost/0/partitions_by_level/x: want a level as key, a whole number such as \"10\"",
			"1:180: /Priority_boost/0/partitions_by_level/4: is -1: want 1 to 10000",
			"1:189: /Priority_boost/0/partitions_by_level/5: want a whole number, got a text",
			"2:72: /Priority_boost/1/partitions_by_level: want an object of level and partitions, such as {\"10\": 3}, got a list",
		}},
		{"boostd's own", `{"boostd": {"polic": {}, "rule": [], "rules_by_role": 1, "value_priority": "sometimes",
 "rules": [{"expr": "value.x ==", "priority": 1}, {"expr": "1 + 1", "priority": 11, "nmae": "x"}, {}, 1]}}`, []string{
			`1:22: /boostd/polic: this version of boostd has no such key, did you mean "policy"?`,
			`1:34: /boostd/rule: this version of boostd has no such key, did you mean "rules"?`,
			"1:55: /boostd/rules_by_role: want true or false, got a number",
			`1:76: /boostd/value_priority: "sometimes": want always, unless_default, never`,
			"2:21: /boostd/rules/0/expr: expression: column 11: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
			"2:60: /boostd/rules/1/expr: expression is a int: want true or false",
			"2:81: /boostd/rules/1/priority: is 11: want 0 to max_priority, which is 10",
			`2:93: /boostd/rules/1/nmae: this version of boostd has no such key, did you mean "name"?`,
			"2:99: /boostd/rules/2: expr is missing",
			"2:99: /boostd/rules/2: priority is missing",
			"2:103: /boostd/rules/3: want an object, got a number",
		}},
		{"policy", `{"max_priority": 5, "boostd": {"policy": {"mode": "fair", "max_wait": 30, "min_share": [5], "reserve": 4, "wait": "1s"}}}`, []string{
			`1:51: /boostd/policy/mode: "fair": want strict or exclusive`,
			"1:71: /boostd/policy/max_wait: want a text, got a number",
			`1:88: /boostd/policy/min_share: want an object, such as {"0": 5, "3-5": 10}, got a list`,
			`1:104: /boostd/policy/reserve: want an object, such as {"8": 4}, got a number`,
			"1:115: /boostd/policy/wait: this version of boostd has no such key",
		}},
		{"policy's words", `{"max_priority": 5, "boostd": {"policy": {"mode": "reserve", "max_wait": "soon",
 "min_share": {"x": 5, "5-3": 5, "1": "5", "2": 1.5, "4-6": 5, "9": 5, "0": null, "3": 91}, "reserve": {"1-2": 1, "x": 1, "0": 1, "6": 1, "4": 0, "5": true}}}}`, []string{
			"1:51: /boostd/policy/mode: want strict or exclusive; reserve is a key of its own beside mode",
			`1:74: /boostd/policy/max_wait: read duration "soon": want a number with a unit, such as 200ms, 30s or 5m`,
			"2:15: /boostd/policy/min_share: 91 percent in all, at most 90: the levels above need the rest",
			`2:21: /boostd/policy/min_share/x: "x": want a level or a range of levels, such as 8 or 3-5`,
			`2:31: /boostd/policy/min_share/5-3: "5-3": want the lower level first, 3-5`,
			"2:39: /boostd/policy/min_share/1: want a whole number, got a text",
			"2:49: /boostd/policy/min_share/2: want a whole number, got 1.5",
			"2:61: /boostd/policy/min_share/4-6: level 6 is outside 0 to 5",
			"2:69: /boostd/policy/min_share/9: level 9 is outside 0 to 5",
			"2:77: /boostd/policy/min_share/0: want a whole number, got null",
			"2:88: /boostd/policy/min_share/3: level 3 has 91 percent, want 1 to 90",
			"2:112: /boostd/policy/reserve/1-2: want one level: its slots are for that level and all above it",
			`2:120: /boostd/policy/reserve/x: "x": want a level, such as 8`,
			"2:128: /boostd/policy/reserve/0: level 0 is outside 1 to 5",
			"2:136: /boostd/policy/reserve/6: level 6 is outside 1 to 5",
			"2:144: /boostd/policy/reserve/4: 0 slots for level 4 and above, want at least 1",
			"2:152: /boostd/policy/reserve/5: want a whole number, got a boolean",
		}},
		{"policy that contradicts itself", `{"config": {"max_priority": 9, "boostd": {"policy":
 {"mode": "exclusive", "max_wait": "5s", "min_share": {"0-4": 10, "3": 20, "9": 30}, "reserve": {"8": 2, "9": 4}}}}}`, []string{
			"2:36: /config/boostd/policy/max_wait: exclusive lets nothing go before a higher level; leave one of the two out",
			"2:55: /config/boostd/policy/min_share: exclusive lets nothing go before a higher level; leave one of the two out",
			"2:55: /config/boostd/policy/min_share: 100 percent in all, at most 90: the levels above need the rest",
			"2:72: /config/boostd/policy/min_share/3: level 3 is there twice",
			"2:111: /config/boostd/policy/reserve/9: 4 slots for level 9 and above, but only 2 for level 8 and above, which include them",
		}},
		{"policy is no object", `{"boostd": {"policy": "strict"}}`, []string{"1:23: /boostd/policy: want an object, got a text"}},
		{"too many topics", boosts(910, `{"topic_name": "t%d", "number_of_partitions": 1}`), []string{"1:20: /Priority_boost: asks for 10010 topics: want at most 10000"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := Parse([]byte(c.text))
			var problems Problems
			if got != nil || err != nil && !errors.As(err, &problems) {
				t.Fatalf("settings %+v, error %T", got, err)
			}
			compare(t, problems, c.want)
		})
	}
}

func boosts(n int, format string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(format, i)
	}
	return `{"Priority_boost": [` + strings.Join(items, ",") + `]}`
}

// Whatever is read: settings or problems, never both, and what is accepted
// holds what the rest of boostd relies on.
func FuzzParse(f *testing.F) {
	f.Add([]byte(document))
	f.Add([]byte(`{"config": {"max_priority": 1e1, "Priority_boost": [{"topic_name": "a.b"}, {"topic_name": "a_b"}], "x": [[], {"": null}]}}`))
	f.Add([]byte(`{"boostd": {"policy": {"mode": "strict", "max_wait": "30s", "min_share": {"0": 5, "3-5": 10, "7-7": 1}, "reserve": {"8": 4, "9": 2}}}}`))
	f.Add([]byte("\xef\xbb\xbf{\n\"max_priority\": 3,\n\"max_priority\": 3, \"a\": tru"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, warnings, err := Parse(data)
		var problems Problems
		if (s == nil) != errors.As(err, &problems) || s == nil && len(problems) == 0 {
			t.Fatalf("settings %+v beside error %v", s, err)
		}
		lines := bytes.Count(data, []byte("\n")) + 1
		for _, p := range append(problems, warnings...) {
			if p.Text == "" || p.Line > lines || p.Column > len(data)+1 || (p.Line == 0) != (p.Column == 0) {
				t.Errorf("problem %+v of %d lines", p, lines)
			}
		}
		if s == nil {
			return
		}
		if s.MaxPriority < 0 || s.MaxPriority > MaxLevel || s.DefaultPriority < 0 || s.DefaultPriority > s.MaxPriority {
			t.Errorf("levels of %+v", s)
		}
		again, _, err := Parse(s.Encode())
		if err != nil || !reflect.DeepEqual(public(s), public(again)) {
			t.Errorf("written again as\n%s: %v", s.Encode(), err)
		}
		levels, names := NewResolver(s).levels, map[string]bool{}
		for _, b := range s.Boosts {
			for _, p := range s.Plan([]string{b.Topic}) {
				if name := sameMetric(p.Name); names[name] || CheckTopic(p.Name) != nil || p.Partitions < 1 {
					t.Errorf("plans %+v", p)
				} else {
					names[name] = true
				}
				if got := levels[p.Name]; got != p.Level {
					t.Errorf("%s has level %d", p.Name, got)
				}
			}
		}
	})
}

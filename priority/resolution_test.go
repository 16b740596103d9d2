package priority

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
)

// Documents of the table below.
var resolutionDocuments = map[string]string{
	// readme is the seed's: its three lists with rules for roles and order types.
	"readme": `{"max_priority": 10, "default_priority": 0,
 "Priority_boost": [{"topic_name": "orders", "priority_boost_min_value": 5, "number_of_partitions": 9}],
 "Topics_priority": [{"topic": "urgent_orders", "priority": 9}, {"topic": "notifications", "priority": 7}, {"topic": "reports", "priority": 3}],
 "Rule_Base_priority": [{"role_name": "user_role", "value": "admin", "priority": 9},
  {"role_name": "user_role", "value": "premium", "priority": 7}, {"role_name": "order_type", "value": "express", "priority": 8}]}`,
	"types": `{"max_priority": 10, "default_priority": 2, "Rule_Base_priority": [
  {"role_name": "n", "value": "3", "priority": 4}, {"role_name": "n", "value": 4, "priority": 5}, {"role_name": "n", "value": 1.5, "priority": 6},
  {"role_name": "b", "value": "true", "priority": 7}, {"role_name": "b", "value": false, "priority": 8}, {"role_name": "n", "value": 5.0, "priority": 3},
  {"role_name": "e", "value": "", "priority": 9}, {"role_name": "n", "value": 12345678901234567890, "priority": 1}, {"role_name": "u", "value": "süß", "priority": 1},
  {"role_name": "blank", "value": null, "priority": 9}, {"role_name": null, "value": "x", "priority": 9}]}`,
	"paths": `{"Rule_Base_priority": [
  {"role_name": "user.role", "value": "admin", "priority": 9}, {"role_name": "user.tags.vip", "value": true, "priority": 8},
  {"role_name": "user", "value": "root", "priority": 10}, {"role_name": "a..b", "value": "x", "priority": 3}, {"role_name": "priority", "value": 4, "priority": 6}]}`,
	"ties": `{"Rule_Base_priority": [
  {"role_name": "a", "value": "1", "priority": 5}, {"role_name": "b", "value": "1", "priority": 5}, {"role_name": "a", "value": "1", "priority": 4}, {"role_name": "a", "value": 1, "priority": 5}],
 "boostd": {"rules": [{"expr": "topic == 't'", "priority": 5}, {"expr": "key == 'k'", "priority": 7, "name": "by key"}]}}`,
	"unless_default": `{"default_priority": 3, "boostd": {"value_priority": "unless_default"},
 "Topics_priority": [{"topic": "mail", "priority": 6}], "Rule_Base_priority": [{"role_name": "r", "value": "a", "priority": 8}, {"role_name": "r", "value": "low", "priority": 1}]}`,
	"never": `{"default_priority": 3, "boostd": {"value_priority": "never"},
 "Topics_priority": [{"topic": "mail", "priority": 6}], "Rule_Base_priority": [{"role_name": "r", "value": "a", "priority": 8}]}`,
	"by_role": `{"boostd": {"rules_by_role": true, "rules": [{"expr": "value.x == 1", "priority": 2}]},
 "Rule_Base_priority": [{"role_name": "admin", "value": "high", "priority": 9}, {"role_name": "guest", "value": null, "priority": 4}]}`,
	"expressions": `{"Topics_priority": [{"topic": "mail", "priority": 1}], "boostd": {"rules": [
  {"name": "large", "expr": "value.amount > 1000", "priority": 6},
  {"expr": "headers['tenant'] == 'gold' && topic == 'orders'", "priority": 8},
  {"expr": "key.startsWith('vip-')", "priority": 7},
  {"expr": "has(value.items) && value.items.exists(i, i.sku == 'X')", "priority": 9},
  {"expr": "value.urgent", "priority": 5},
  {"expr": "type(value) == string && value.contains('ALERT')", "priority": 10}]}}`,
	"from 0": `{"max_priority": 3, "Priority_boost": [{"topic_name": "all", "number_of_partitions": 1}]}`,
}

type resolutionCase struct {
	name, document, message, want string
}

// A message is written as topic[ !priority][ key=k][ h:name=value] | value, and
// its resolution as level, by, to, and what else there is to say.
var resolutions = []resolutionCase{
	{"explicit before everything", "readme", `orders !2 h:priority=3 | {"priority": 4, "user_role": "admin"}`, "2 explicit orders"},
	{"explicit 0", "readme", `orders !0 | {"priority": 9}`, "0 explicit orders"},
	{"explicit to its topic", "readme", `orders !10 | {"order_id": 123}`, "10 explicit orders_10"},
	{"explicit at the boost", "readme", `orders !5 | {}`, "5 explicit orders_5"},
	{"explicit below the boost", "readme", `orders !4 | {}`, "4 explicit orders"},
	{"explicit above max", "readme", `orders !11 | {}`, "10 explicit orders_10 clamped"},
	{"explicit below 0", "readme", `orders !-1 | {}`, "0 explicit orders clamped"},
	{"explicit to an unboosted topic", "readme", `reports !10 | {}`, "10 explicit reports"},
	{"header", "readme", `orders h:priority=6 | {"priority": 9}`, "6 explicit orders_6"},
	{"header that is no number", "readme", `orders h:priority=high | {"priority": 9}`, "9 value orders_9 mistyped"},
	{"header that is no number, nothing else", "readme", `orders h:priority=high | x`, "0 default orders mistyped"},
	{"header in other letters", "readme", `orders h:Priority=6 | {}`, "0 default orders"},
	{"derived topic", "readme", `orders_7 | {}`, "7 topic orders_7"},
	{"derived topic against value", "readme", `orders_7 | {"priority": 3}`, "7 topic orders_7"},
	{"derived topic against header", "readme", `orders_7 h:priority=3 | {}`, "7 topic orders_7"},
	{"derived topic against argument", "readme", `orders_7 !3 | {}`, "7 topic orders_7"},
	{"derived topic against rule", "readme", `orders_5 | {"user_role": "admin"}`, "5 topic orders_5"},
	{"derived topic above max", "readme", `orders_12 | {"priority": 3}`, "10 topic orders_12 clamped"},
	{"derived topic below min", "readme", `orders_3 | {"priority": 9}`, "3 topic orders_3"},
	{"derived topic of an unboosted base", "readme", `reports_7 | {"priority": 2}`, "2 value reports_7"},
	{"derived topic with a zero before", "readme", `orders_07 | {"priority": 2}`, "2 value orders_07"},
	{"value", "readme", `orders | {"order_id": 1, "priority": 5}`, "5 value orders_5"},
	{"value 10", "readme", `orders | {"order_id": 2, "priority": 10}`, "10 value orders_10"},
	{"value 0", "readme", `orders | {"priority": 0}`, "0 value orders"},
	{"value above max", "readme", `orders | {"priority": 11}`, "10 value orders_10 clamped"},
	{"value below 0", "readme", `orders | {"priority": -5}`, "0 value orders clamped"},
	{"value far above max", "readme", `orders | {"priority": 1e300}`, "10 value orders_10 clamped"},
	{"value 7.0", "readme", `orders | {"priority": 7.0}`, "7 value orders_7"},
	{"value as text", "readme", `orders | {"priority": "7"}`, "7 value orders_7"},
	{"value 7.5", "readme", `orders | {"priority": 7.5}`, "0 default orders mistyped"},
	{"value as word", "readme", `orders | {"priority": "high"}`, "0 default orders mistyped"},
	{"value true", "readme", `orders | {"priority": true}`, "0 default orders mistyped"},
	{"value list", "readme", `orders | {"priority": [7]}`, "0 default orders mistyped"},
	{"value null", "readme", `orders | {"priority": null}`, "0 default orders"},
	{"value mistyped, then a rule", "readme", `orders | {"priority": "x", "user_role": "admin"}`, "9 rule orders_9 mistyped (user_role = \"admin\")"},
	{"value nested", "readme", `orders | {"data": {"priority": 9}}`, "0 default orders"},
	{"value wrapped by KafkaBoost", "readme", `orders | {"data": "text", "priority": 6}`, "6 value orders_6"},
	{"value that isn't an object", "readme", `notifications | [{"priority": 9}]`, "7 topic notifications"},
	{"value that isn't JSON", "readme", `notifications | hello`, "7 topic notifications"},
	{"value empty", "readme", `notifications |`, "7 topic notifications"},
	{"value cut off", "readme", `notifications | {"priority": 9`, "7 topic notifications"},
	{"value twice, the last counts", "readme", `orders | {"priority": 9, "priority": 6}`, "6 value orders_6"},
	{"value against a lower rule", "readme", `orders | {"priority": 10, "user_role": "admin"}`, "10 value orders_10"},
	{"value against the same rule", "readme", `orders | {"priority": 9, "user_role": "admin"}`, "9 value orders_9"},
	{"value against a higher rule", "readme", `orders | {"priority": 0, "user_role": "admin"}`, "0 value orders outranked"},
	{"rule of the README: admin", "readme", `orders | {"order_id": 123, "user_role": "admin", "amount": 100}`, "9 rule orders_9 (user_role = \"admin\")"},
	{"rule of the README: premium", "readme", `orders | {"order_id": 124, "user_role": "premium", "amount": 50}`, "7 rule orders_7 (user_role = \"premium\")"},
	{"rule of the README: express", "readme", `orders | {"order_id": 125, "order_type": "express", "amount": 75}`, "8 rule orders_8 (order_type = \"express\")"},
	{"two rules, the highest", "readme", `orders | {"user_role": "premium", "order_type": "express"}`, "8 rule orders_8 (order_type = \"express\")"},
	{"rule before topic", "readme", `urgent_orders | {"user_role": "premium"}`, "7 rule urgent_orders (user_role = \"premium\")"},
	{"rule in other letters", "readme", `orders | {"User_Role": "admin"}`, "0 default orders"},
	{"rule's value in other letters", "readme", `orders | {"user_role": "Admin"}`, "0 default orders"},
	{"rule's field nested", "readme", `orders | {"user": {"user_role": "admin"}}`, "0 default orders"},
	{"rule's value in a list", "readme", `orders | {"user_role": ["admin"]}`, "0 default orders"},
	{"rule's field twice, the last counts", "readme", `orders | {"user_role": "admin", "user_role": "guest"}`, "0 default orders"},
	{"rule's field twice, the last matches", "readme", `orders | {"user_role": "guest", "user_role": "premium"}`, "7 rule orders_7 (user_role = \"premium\")"},
	{"0.2.0's field without its switch", "readme", `orders | {"role": "user_role"}`, "0 default orders"},
	{"topic of the README", "readme", `urgent_orders | {"order_id": 123, "customer": "VIP"}`, "9 topic urgent_orders"},
	{"topic of the README, low", "readme", `reports | {"report_type": "daily_summary"}`, "3 topic reports"},
	{"default", "readme", `payments | {"a": 1}`, "0 default payments"},
	{"number against text", "types", `t | {"n": 3}`, "4 rule t (n = \"3\")"},
	{"text against text", "types", `t | {"n": "3"}`, "4 rule t (n = \"3\")"},
	{"text against number", "types", `t | {"n": "4"}`, "5 rule t (n = \"4\")"},
	{"3.0 against text", "types", `t | {"n": 3.0}`, "4 rule t (n = \"3\")"},
	{"3e0 against text", "types", `t | {"n": 3e0}`, "4 rule t (n = \"3\")"},
	{"the text 3.0 against text", "types", `t | {"n": "3.0"}`, "2 default t"},
	{"a rule's 5.0", "types", `t | {"n": 5}`, "3 rule t (n = \"5\")"},
	{"a fraction", "types", `t | {"n": 1.50}`, "6 rule t (n = \"1.5\")"},
	{"true against text", "types", `t | {"b": true}`, "7 rule t (b = \"true\")"},
	{"text against false", "types", `t | {"b": "false"}`, "8 rule t (b = \"false\")"},
	{"1 is not true", "types", `t | {"b": 1}`, "2 default t"},
	{"null is nothing", "types", `t | {"e": null, "blank": null}`, "2 default t"},
	{"an empty text", "types", `t | {"e": ""}`, "9 rule t (e = \"\")"},
	{"an integer beyond floating point", "types", `t | {"n": 12345678901234567890}`, "1 rule t (n = \"12345678901234567890\")"},
	{"its neighbour", "types", `t | {"n": 12345678901234567891}`, "2 default t"},
	{"escaped text", "types", `t | {"u": "s\u00fc\u00df"}`, "1 rule t (u = \"süß\")"},
	{"an escaped name", "types", `t | {"\u006e": 3}`, "4 rule t (n = \"3\")"},
	{"a rule left blank", "types", `t | {"blank": "", "": "x"}`, "2 default t"},
	{"path", "paths", `t | {"user": {"role": "admin"}}`, "9 rule t (user.role = \"admin\")"},
	{"path written as a field", "paths", `t | {"user.role": "admin"}`, "9 rule t (user.role = \"admin\")"},
	{"path deeper", "paths", `t | {"user": {"tags": {"vip": true}}}`, "8 rule t (user.tags.vip = \"true\")"},
	{"path through a text", "paths", `t | {"user": "root"}`, "10 rule t (user = \"root\")"},
	{"path through a list", "paths", `t | {"user": [{"role": "admin"}]}`, "0 default t"},
	{"path's parent twice, the last counts", "paths", `t | {"user": {"role": "admin"}, "user": {"tags": 1}}`, "0 default t"},
	{"path's parent twice, the last matches", "paths", `t | {"user": {"role": "admin"}, "user": {"tags": {"vip": "true"}}}`, "8 rule t (user.tags.vip = \"true\")"},
	{"path's field twice", "paths", `t | {"user": {"role": "admin", "role": "guest"}}`, "0 default t"},
	{"path with an empty step", "paths", `t | {"a": {"": {"b": "x"}}}`, "3 rule t (a..b = \"x\")"},
	{"a rule on priority itself", "paths", `t | {"priority": 4}`, "4 value t outranked"},
	{"equal rules, the first", "ties", `x | {"b": 1, "a": 1}`, "5 rule x (a = \"1\")"},
	{"an expression beside a rule", "ties", `t | {"a": "1"}`, "5 rule t (a = \"1\")"},
	{"a higher expression", "ties", `t key=k | {"a": "1"}`, "7 rule t (by key)"},
	{"unless_default: the stamp", "unless_default", `t | {"priority": 3, "r": "a"}`, "8 rule t (r = \"a\")"},
	{"unless_default: the stamp, a lower rule", "unless_default", `t | {"priority": 3, "r": "low"}`, "1 rule t (r = \"low\")"},
	{"unless_default: the stamp, topic", "unless_default", `mail | {"priority": "3"}`, "6 topic mail"},
	{"unless_default: the stamp alone", "unless_default", `t | {"priority": 3}`, "3 default t"},
	{"unless_default: another", "unless_default", `t | {"priority": 4, "r": "a"}`, "4 value t outranked"},
	{"unless_default: a header counts", "unless_default", `mail h:priority=3 | {}`, "3 explicit mail"},
	{"never", "never", `t | {"priority": 9, "r": "a"}`, "8 rule t (r = \"a\")"},
	{"never: mistyped is nobody's concern", "never", `mail | {"priority": "x"}`, "6 topic mail"},
	{"never: default", "never", `t | {"priority": 9}`, "3 default t"},
	{"never: a header counts", "never", `t h:priority=9 | {}`, "9 explicit t"},
	{"by role", "by_role", `t | {"role": "admin"}`, "9 rule t (admin = \"high\")"},
	{"by role: value doesn't matter", "by_role", `t | {"role": "guest", "admin": "high"}`, "4 rule t (guest = \"\")"},
	{"by role: the README's way is off", "by_role", `t | {"admin": "high"}`, "0 default t"},
	{"by role: expressions stay", "by_role", `t | {"x": 1}`, "2 rule t (value.x == 1)"},
	{"expression on a number", "expressions", `t | {"amount": 1000.5}`, "6 rule t (large)"},
	{"expression not true", "expressions", `mail | {"amount": 1000}`, "1 topic mail"},
	{"expression on a missing field", "expressions", `t | {}`, "0 default t"},
	{"expression on the wrong type", "expressions", `t | {"amount": "much"}`, "0 default t"},
	{"expression on headers and topic", "expressions", `orders h:tenant=gold | {}`, "8 rule orders (headers['tenant'] == 'gold' && topic == 'orders')"},
	{"expression on the last header", "expressions", `orders h:tenant=gold h:tenant=tin | {}`, "0 default orders"},
	{"expression on a missing header", "expressions", `orders h:x=gold | {}`, "0 default orders"},
	{"expression on the key", "expressions", `t key=vip-1 | not JSON`, "7 rule t (key.startsWith('vip-'))"},
	{"expression on a list", "expressions", `t | {"items": [{"sku": "A"}, {"sku": "X"}]}`, "9 rule t (has(value.items) && value.items.exists(i, i.sku == 'X'))"},
	{"expression that is a field", "expressions", `t | {"urgent": true}`, "5 rule t (value.urgent)"},
	{"expression that isn't a boolean", "expressions", `t | {"urgent": "true"}`, "0 default t"},
	{"expression on text", "expressions", `t | <14>ALERT fire`, "10 rule t (type(value) == string && value.contains('ALERT'))"},
	{"the highest of several expressions", "expressions", `t key=vip-1 | {"amount": 2000, "urgent": true}`, "7 rule t (key.startsWith('vip-'))"},
	{"value before expressions", "expressions", `t key=vip-1 | {"priority": 2}`, "2 value t outranked"},
	{"boosted from 0", "from 0", `all | {}`, "0 default all_0"},
	{"boosted from 0, clamped", "from 0", `all !9 | {}`, "3 explicit all_3 clamped"},
}

// message reads what a case says.
func (c resolutionCase) read(t *testing.T) (m *boostd.Message, explicit *int) {
	t.Helper()
	head, value, ok := strings.Cut(c.message, "|")
	if !ok {
		t.Fatal("no | in the message")
	}
	words := strings.Fields(head)
	m = &boostd.Message{Topic: words[0], Value: []byte(strings.TrimPrefix(value, " "))}
	for _, w := range words[1:] {
		name, text, _ := strings.Cut(w, "=")
		switch {
		case w[0] == '!':
			explicit = new(int)
			if _, err := fmt.Sscan(w[1:], explicit); err != nil {
				t.Fatal(err)
			}
		case name == "key":
			m.Key = []byte(text)
		case strings.HasPrefix(name, "h:"):
			m.Headers = append(m.Headers, boostd.Header{Key: name[2:], Value: []byte(text)})
		default:
			t.Fatalf("what is %q?", w)
		}
	}
	return m, explicit
}

func describe(res Resolution, to string) string {
	text := fmt.Sprintf("%d %s %s", res.Level, res.By, to)
	for word, is := range map[string]bool{" clamped": res.Clamped, " mistyped": res.Mistyped, " outranked": res.Outranked} {
		if is {
			text += word // no case has two of them
		}
	}
	if res.Rule != nil {
		text += fmt.Sprintf(" (%s)", res.Rule)
	}
	return text
}

// Every line holds for producers, and for consumers who find the message in its
// topic without the producer's word.
func TestResolution(t *testing.T) {
	resolvers := map[string]*Resolver{}
	for name, text := range resolutionDocuments {
		s, _, err := Parse([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		resolvers[name] = NewResolver(s)
	}
	for _, c := range resolutions {
		r := resolvers[c.document]
		m, explicit := c.read(t)
		res, to := r.Produced(m, explicit)
		if got := describe(res, to); got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", c.name, c.message, got, c.want)
		}
		decided := 0
		all, explained, _ := r.Explain(m, explicit)
		for _, candidate := range all {
			if candidate.Decides {
				decided++
				if candidate.Level != res.Level || candidate.Rule != res.Rule {
					t.Errorf("%s: %s\n got %+v\nwant %+v", c.name, c.message, candidate, res)
				}
			}
		}
		if decided != 1 || explained != res {
			t.Errorf("%s: %d of %+v decide, as %+v", c.name, decided, all, explained)
		}
		if explicit != nil {
			m.Headers = append(m.Headers, boostd.Header{Key: Header, Value: fmt.Append(nil, *explicit)})
		}
		if again := r.Consumed(m); again != res {
			t.Errorf("%s: %s\nproduced as %+v\nconsumed as %+v", c.name, c.message, res, again)
		}
		m.Topic = to
		if again := r.Consumed(m); again.Level != res.Level {
			t.Errorf("%s: %s\nproduced at level %d, consumed from %s at %d", c.name, c.message, res.Level, to, again.Level)
		}
	}
	t.Logf("%d cases", len(resolutions))
}

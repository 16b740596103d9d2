package daemon

import (
	"testing"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/priority"
)

const withPolicies = `kafka: {brokers: [a:1], group: g}
settings: {source: file:s}
topics: {x: {handler: own}, y: {handler: plain}, z: {handler: small}}
handlers:
  own: {noop: {}, slots: 8, policy: {reserve: {5: 7}}, preemptible: true}
  plain: {noop: {}, slots: 4}
  small: {noop: {}, slots: 2}
policy: {max_wait: 30s, min_share: {0: 5, 7-8: 1}}
`

func parsed(t *testing.T, document string) *priority.Settings {
	t.Helper()
	s, _, err := priority.Parse([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A handler's own policy goes before the document's, and that before the file's.
func TestWhosePolicyHolds(t *testing.T) {
	config, err := conf.Parse("f", []byte(withPolicies))
	if err != nil {
		t.Fatal(err)
	}
	d := withConfig(&Daemon{}, config)
	for document, want := range map[string]map[string]string{
		`{}`: {
			"own":   "strict; reserve 5: 7; preemptible handler",
			"plain": "strict; max_wait 30s; min_share 0: 5%, 7-8: 1% file",
		},
		`{"boostd": {"policy": {}}}`: {"own": "strict; reserve 5: 7; preemptible handler", "plain": "strict document"},
		`{"boostd": {"policy": {"mode": "exclusive", "reserve": {"3": 1}}}}`: {
			"own": "strict; reserve 5: 7; preemptible handler", "plain": "exclusive; reserve 3: 1 document", "small": "exclusive; reserve 3: 1 document",
		},
		`{"boostd": {"policy": {"min_share": {"0-1": 7, "3": 8}, "max_wait": "2m"}}}`: {"small": "strict; max_wait 2m0s; min_share 0-1: 7%, 3: 8% document"},
	} {
		settings := parsed(t, document)
		if err := checkPolicies(config, settings); err != nil {
			t.Errorf("%s: %v", document, err)
		}
		for handler, text := range want {
			if p := d.shownPolicy(handler, settings); p.String()+" "+p.From != text {
				t.Errorf("%s: the policy of %s is %q from %s, want %q", document, handler, p, p.From, text)
			}
		}
	}
}

// A document is refused when its policy doesn't fit a handler, or a handler's its
// levels.
func TestPoliciesThatDoNotFit(t *testing.T) {
	config, err := conf.Parse("f", []byte(withPolicies))
	if err != nil {
		t.Fatal(err)
	}
	for document, want := range map[string]string{
		`{"boostd": {"policy": {"reserve": {"3": 4, "8": 2}}}}`: "/boostd/policy/reserve: doesn't fit handler plain: 4 slots for level 3 and above, want 1 to 3: the handler has 4\n" +
			"/boostd/policy/reserve: doesn't fit handler small: 4 slots for level 3 and above, want 1 to 1: the handler has 2\n" +
			"/boostd/policy/reserve: doesn't fit handler small: 2 slots for level 8 and above, want 1 to 1: the handler has 2",
		`{"max_priority": 4}`: "max_priority 4 doesn't fit boostd.yaml's handlers.own.policy.reserve.5: level 5 is outside 1 to 4\n" +
			"max_priority 4 doesn't fit boostd.yaml's policy.min_share.7-8: level 7 is outside 0 to 4",
		`{"max_priority": 7, "boostd": {"policy": null}}`: "max_priority 7 doesn't fit boostd.yaml's policy.min_share.7-8: level 8 is outside 0 to 7",
	} {
		if err := checkPolicies(config, parsed(t, document)); err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", document, err, want)
		}
	}
}

// With gate.scope group a document's policy may let nothing go before its turn; what
// holds for no handler doesn't matter.
func TestPoliciesBesideAGateForTheGroup(t *testing.T) {
	const handlers = `kafka: {brokers: [a:1], group: g}
settings: {source: file:s}
topics: {x: {handler: own}, y: {handler: plain}, z: {handler: other}}
handlers: {own: {noop: {}, policy: {}}, plain: {noop: {}}, other: {noop: {}}}
gate: {scope: group}
`
	config, err := conf.Parse("f", []byte(handlers))
	if err != nil {
		t.Fatal(err)
	}
	const why = "boostd.yaml's gate.scope group lets nothing go before a higher level; leave one of the two out"
	got := checkPolicies(config, parsed(t, `{"boostd": {"policy": {"max_wait": "1m", "min_share": {"0": 5}, "reserve": {"3": 4}}}}`))
	if want := "/boostd/policy/max_wait: " + why + "\n/boostd/policy/min_share: " + why; got == nil || got.Error() != want {
		t.Errorf("got %v\nwant %s", got, want)
	}
	if err := checkPolicies(config, parsed(t, `{"boostd": {"policy": {"mode": "exclusive", "reserve": {"3": 4}}}}`)); err != nil {
		t.Errorf("what goes with it is refused: %v", err)
	}
	config.Handlers["plain"], config.Handlers["other"] = config.Handlers["own"], config.Handlers["own"]
	if err := checkPolicies(config, parsed(t, `{"boostd": {"policy": {"max_wait": "1m"}}}`)); err != nil {
		t.Errorf("what holds for no handler is refused: %v", err)
	}
}

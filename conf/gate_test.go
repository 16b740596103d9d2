package conf

import (
	"strings"
	"testing"
)

// One word stands for pausing; overrides go beside it, and before it.
func TestGate(t *testing.T) {
	for _, c := range []struct {
		line, set string
		environ   environment
		want      Gate
	}{
		{"", "", nil, Gate{"on", "instance"}},
		{"gate: off", "", nil, Gate{"off", "instance"}},
		{"gate: {scope: group}", "", nil, Gate{"on", "group"}},
		{"gate: {pausing: off, scope: group}", "", nil, Gate{"off", "group"}},
		{"gate: {}", "gate=off", nil, Gate{"off", "instance"}},
		{"gate: off", "gate.scope=group", nil, Gate{"off", "group"}},
		{"gate: {scope: group}", "gate=off", nil, Gate{"off", "group"}},
		{"gate: off", "gate.pausing=on", nil, Gate{"on", "instance"}},
		{"", "gate.scope=group", nil, Gate{"on", "group"}},
		{"gate: on", "", environment{"BOOSTD_GATE": "off", "BOOSTD_GATE_SCOPE": "group"}, Gate{"off", "group"}},
		{"gate: ${WORD}", "", environment{"WORD": "off"}, Gate{"off", "instance"}},
	} {
		var set []string
		if c.set != "" {
			set = append(set, c.set)
		}
		d, f := parse("f", []byte(least+c.line+"\n"), c.environ, set, true)
		if d.close(); len(d.problems)+len(d.warnings) > 0 || f.Gate != c.want {
			t.Errorf("%q, --set %q, %v: %+v, %v %v; want %+v", c.line, c.set, c.environ, f.Gate, d.problems, d.warnings, c.want)
		}
	}
	for line, want := range map[string]string{
		"gate: maybe":            `f:5:7: gate: "maybe": want on or off`,
		"gate: {pausing: maybe}": `f:5:17: gate.pausing: "maybe": want on or off`,
		"gate: {scope: all}":     `f:5:15: gate.scope: "all": want instance or group`,
		"gate: {scope: \"\"}":    `f:5:15: gate.scope: "" isn't possible: leave the key out for the default, instance`,
		"gate: {scop: group}":    `f:5:8: gate.scop: unknown key, did you mean "scope"?`,
		"gate: {scope: group}\npolicy: {max_wait: 1s, reserve: {1: 1}}": `f:6:20: policy.max_wait: ` + besideGroup,
		"gate: {scope: group}\npolicy: {min_share: {0: 5}}":             `f:6:21: policy.min_share: ` + besideGroup,
		"policy: {max_wait: 1s}\ngate: {scope: instance}":               "",
	} {
		d, _ := parse("f", []byte(least+line+"\n"), environment{}, nil, true)
		if d.close(); d.problems.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", line, d.problems, want)
		}
	}
	own := replaced("handlers: {h: {noop: {}, policy: {max_wait: 1s}}}") + "gate: {scope: group}\npolicy: {max_wait: 1s}\n"
	if _, err := Parse("f", []byte(own)); err == nil || strings.Count(err.Error(), "\n") > 0 || !strings.Contains(err.Error(), "handlers.h.policy.max_wait: "+besideGroup) {
		t.Errorf("a handler's own is taken: %v", err)
	}
}

const besideGroup = "boostd.yaml's gate.scope group lets nothing go before a higher level; leave one of the two out"

// What holds is shown key by key, wherever it is from.
func TestGateShowsWhereItIsFrom(t *testing.T) {
	d, f := parse("f", []byte(least+"gate: off\n"), environment{}, []string{"gate.scope=group"}, true)
	var got []string
	for _, v := range d.values(f) {
		if strings.HasPrefix(v.Path, "gate") {
			got = append(got, v.Path+" "+v.String()+" "+v.From)
		}
	}
	if text := strings.Join(got, ", "); text != "gate.pausing off f:5:7, gate.scope group --set" {
		t.Errorf("values are %s", text)
	}
}

package conf

import (
	"errors"
	"testing"

	"github.com/kafkaboost/boostd"
)

type other struct {
	Wait  boostd.Duration `yaml:"wait"`
	Kafka string          `yaml:"kafka"`
	Rows  []row           `yaml:"rows"`
}

type row struct {
	Slots int `yaml:"slots"`
}

func (r *row) SetDefaults() {
	if r.Slots == 0 {
		r.Slots = 7
	}
}

func (r row) Validate() []error {
	if r.Slots > 9 {
		return []error{errors.New("slots: too many")}
	}
	return nil
}

func TestDecodeAnotherDocument(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"wait: 2s\nkafka: ${HOME}\nrows: [{slots: 3}, {}]\n", ""},
		{"policy: {max_wait: 1s}\n", "f:1:1: policy: unknown key"},
		{"wiat: 2s\n", `f:1:1: wiat: unknown key, did you mean "wait"?`},
		{"rows:\n  - {slots: 3}\n  - {slots: 10}\n", "f:3:13: rows[1].slots: too many"},
		{"rows: [{slots: 0}]\n", "f:1:16: rows[0].slots: 0 isn't possible: leave the key out for the default, 7"},
		{"rows: {}\n", "f:1:7: rows: want a list, got keys and values"},
		{"", "f: is empty"},
		{"wait: 1s\n---\nwait: 2s\n", "f:2:1: a second document begins here: want one"},
		{"wait: [\n", "f:2:1: not YAML: did not find expected node content"},
	} {
		into := other{Wait: 5}
		got := ""
		if err := Decode("f", []byte(c.text), &into); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
		if c.want == "" && (into.Kafka != "${HOME}" || into.Wait.String() != "2s" || len(into.Rows) != 2 || into.Rows[1].Slots != 7) {
			t.Errorf("%q: %+v", c.text, into)
		}
	}
	var into other
	if err := Decode("f", make([]byte, MaxFile+1), &into); err == nil || err.Error() != "f: is larger than 1048576 bytes" {
		t.Errorf("too large: %v", err)
	}
}

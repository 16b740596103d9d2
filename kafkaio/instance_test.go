package kafkaio

import (
	"strings"
	"testing"
)

func TestInstance(t *testing.T) {
	for instance, want := range map[string]string{
		"": "", "a": "", "worker-1.rack_2": "", strings.Repeat("x", 200): "",
		strings.Repeat("x", 201): "has 201 characters: want at most 200",
		"host/1":                 `"host/1": want letters, digits, dots, - and _`,
		"a b":                    `"a b": want letters, digits, dots, - and _`,
		"größe":                  `"größe": want letters, digits, dots, - and _`,
	} {
		got := ""
		if err := checkInstance(instance); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%.20q: %q, want %q", instance, got, want)
		}
	}
}

func TestMember(t *testing.T) {
	for _, c := range []struct{ instance, consumer, want string }{
		{"", "10/orders", ""},
		{"w1", "base", "w1-base"},
		{"w1", "10", "w1-10"},
		{"w1", "10/orders", "w1-10-orders"},
	} {
		if got := (Config{Instance: c.instance}).Member(c.consumer); got != c.want {
			t.Errorf("%q, %q: %q, want %q", c.instance, c.consumer, got, c.want)
		}
	}
	long := Config{Instance: strings.Repeat("x", maxInstance)}
	if err := long.CheckMember("1000"); err != nil {
		t.Error(err)
	}
	if err := long.CheckMember("1000/" + strings.Repeat("y", 50)); err == nil {
		t.Error("a name of 256 characters is taken")
	}
}

// A property that is boostd's own says what to use instead.
func TestInstanceIsNoProperty(t *testing.T) {
	c := Config{Brokers: []string{"a:1"}, Group: "g", Properties: map[string]string{"group.instance.id": "w"},
		Levels: map[string]LevelConfig{"10": {Properties: map[string]string{"group.instance.id": "w"}}}}
	c.SetDefaults()
	var got []string
	for _, err := range c.Validate() {
		got = append(got, err.Error())
	}
	want := "properties.group.instance.id: is boostd's own: use kafka.instance\n" +
		"levels.10.properties.group.instance.id: is boostd's own: use kafka.instance"
	if strings.Join(got, "\n") != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

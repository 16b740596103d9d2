package conf

import (
	"fmt"
	"testing"
)

// An override replaces the list, however the file has written it.
func TestOverrideOfLevels(t *testing.T) {
	for _, text := range []string{"levels: 8-10", "levels: [8, 9]", "only_levels: 8", "levels: {8: {}}", "start: latest"} {
		path := write(t, "boostd.yaml", replaced("kafka: {brokers: [a:1], group: g, "+text+"}"))
		loaded, err := Read(path, Options{Set: []string{"kafka.only_levels=[base, 3-5]"}})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := fmt.Sprint(loaded.File.Kafka.OnlyLevels); got != "[base 3-5]" {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// The restriction to levels can be written in several ways, beside the map of
// levels' properties.
func TestWaysToWriteLevels(t *testing.T) {
	t.Setenv("BOOSTD_TEST_LEVELS", "8-10, base")
	for text, want := range map[string]string{
		"levels: 8-10":                                "[8-10] map[]",
		"levels: 8":                                   "[8] map[]",
		`levels: "0, 5, 8-10, base"`:                  "[0, 5, 8-10, base] map[]",
		"levels: [0, 5, 8-10]":                        "[0 5 8-10] map[]",
		`levels: "${BOOSTD_TEST_LEVELS}"`:             "[8-10, base] map[]",
		"only_levels: 8-10":                           "[8-10] map[]",
		"only_levels: [base]":                         "[base] map[]",
		"levels: ":                                    "[] map[]",
		"levels: {8: {properties: {a: b}}}":           "[] map[8:{map[a:b]}]",
		"only_levels: 8, levels: {8: {}}":             "[8] map[8:{map[]}]",
		"only_levels: [8, 9], levels: {base: {}}":     "[8 9] map[base:{map[]}]",
		"only_levels: [\"${BOOSTD_TEST_LEVELS}\", 3]": "[8-10, base 3] map[]",
	} {
		f, err := Parse("f", []byte(replaced("kafka: {brokers: [a], group: g, "+text+"}")))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := fmt.Sprint(f.Kafka.OnlyLevels, f.Kafka.Levels); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

package conf

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var commentedKey = regexp.MustCompile(`(?m)^( *)#([^ #\n])`)

// uncommented is the example with all its optional keys.
func uncommented(t *testing.T) string {
	t.Helper()
	t.Setenv("KAFKA_PASSWORD", "x")
	return commentedKey.ReplaceAllString(string(Example), "$1$2")
}

func TestExampleIsValid(t *testing.T) {
	for name, text := range map[string]string{"as it is": string(Example), "with all keys": uncommented(t)} {
		if _, err := Parse("example.yaml", []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the example shows as a default is one.
func TestExampleShowsDefaults(t *testing.T) {
	text := uncommented(t)
	keep := regexp.MustCompile(`(?m)^ *(create_topics|plugin_dir|start|assignor|order|slots|timeout|retry|mode|preemptible|start_wait|drain|gate|audit_required):.*\n`)
	with, err := Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	without, err := Parse("f", []byte(keep.ReplaceAllString(text, "")))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(with, without) {
		t.Errorf("with the lines of defaults\n%+v\nwithout\n%+v", with, without)
	}
}

func TestExampleMentionsEveryKey(t *testing.T) {
	text := uncommented(t)
	for _, name := range slices.Sorted(maps.Keys(keysOf(reflect.TypeFor[File]()))) {
		if !strings.Contains(text, name+":") {
			t.Errorf("key %s isn't in example.yaml", name)
		}
	}
}

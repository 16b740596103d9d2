package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"runtime/debug"
	"slices"
	"testing"
)

func TestVersionReportsTheBuild(t *testing.T) {
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	revision, at := "0123456789abcdef0123456789abcdef01234567", "2026-11-25T10:00:00Z"
	for name, c := range map[string]struct {
		settings        []debug.BuildSetting
		revision, built string
	}{
		"a clean checkout":   {[]debug.BuildSetting{setting("vcs.revision", revision), setting("vcs.time", at), setting("vcs.modified", "false")}, revision, at},
		"changed files":      {[]debug.BuildSetting{setting("vcs.revision", revision), setting("vcs.modified", "true")}, revision + "+dirty", ""},
		"no version control": {nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := reportVersion(&debug.BuildInfo{Settings: c.settings}, true)
			if r.Revision != c.revision || r.Built != c.built {
				t.Errorf("revision %q built %q, want %q and %q", r.Revision, r.Built, c.revision, c.built)
			}
		})
	}
}

// TestVersionForms: both forms have all that there is to know.
func TestVersionForms(t *testing.T) {
	say := func(args ...string) []byte {
		var out bytes.Buffer
		root := newRoot()
		root.SetOut(&out)
		root.SetArgs(append([]string{"version"}, args...))
		if err := root.Execute(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	human := regexp.MustCompile(`^boostd development( [0-9a-f]{12})? \(go1\.\d+[^ ]*, [a-z]+/[a-z0-9]+, librdkafka \d+\.\d+\.\d+[^ ]*\)\n$`)
	if text := say(); !human.Match(text) {
		t.Errorf("boostd version prints %q", text)
	}
	var document map[string]string
	if err := json.Unmarshal(say("--json"), &document); err != nil {
		t.Fatal(err)
	}
	for key, value := range document {
		if known := []string{"version", "revision", "built", "go", "platform", "librdkafka"}; !slices.Contains(known, key) || value == "" {
			t.Errorf("--json has %s %q", key, value)
		}
	}
	for _, key := range []string{"version", "go", "platform", "librdkafka"} {
		if document[key] == "" {
			t.Errorf("--json lacks %s", key)
		}
	}
}

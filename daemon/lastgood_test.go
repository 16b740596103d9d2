package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/priority"
)

// TestLastGood: what is kept is found again, but for that of another source, and
// for what isn't whole.
func TestLastGood(t *testing.T) {
	st, err := openState(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	at := func(source string) *Daemon {
		return withConfig(&Daemon{state: st}, &conf.File{Settings: configwatch.Config{Source: source}})
	}
	text := []byte(`{"max_priority": 7, "note": "` + strings.Repeat("\\u0001", 150_000) + `"}`)
	settings, _, err := priority.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	want := newDocument(settings, text, "v1")
	if err := at("file:a").saveCopy(want); err != nil {
		t.Fatal(err)
	}
	got, err := at("file:a").loadCopy()
	if err != nil || got.hash != want.hash || got.version != "v1" || !got.loaded.Equal(want.loaded) || got.settings.MaxPriority != 7 {
		t.Errorf("got %.80v, %v", got, err)
	}
	if got, err := at("file:b").loadCopy(); err != nil || got.settings != nil {
		t.Errorf("of another source: %v", err)
	}
	path := filepath.Join(st.dir, copyFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, torn := range map[string]string{
		"torn":          string(whole[:len(whole)/2]),
		"another hash":  strings.Replace(string(whole), want.hash, configwatch.Hash(nil), 1),
		"no such shape": `[]`,
	} {
		if err := os.WriteFile(path, []byte(torn), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := at("file:a").loadCopy(); err == nil || got.settings != nil {
			t.Errorf("%s: no error", name)
		}
	}
}

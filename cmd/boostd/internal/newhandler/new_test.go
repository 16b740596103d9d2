package newhandler

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLanguages(t *testing.T) {
	if got, want := Languages(), []string{"go", "python"}; !slices.Equal(got, want) {
		t.Errorf("languages %v, want %v", got, want)
	}
}

// Each project has what its README names, and nothing of a template is left in it.
func TestWrite(t *testing.T) {
	for language, want := range map[string][]string{
		"go":     {"README.md", "go.mod", "main.go", "main_test.go"},
		"python": {"README.md", "handler", "main.py", "requirements.txt", "test_main.py"},
	} {
		t.Run(language, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "below", "my-orders_2")
			files, err := Write(language, dir)
			if err != nil || !slices.Equal(files, want) {
				t.Fatalf("files %v (%v), want %v", files, err, want)
			}
			for _, f := range files {
				path := filepath.Join(dir, f)
				text, err := os.ReadFile(path)
				if err != nil || strings.Contains(string(text), "{{") || len(text) == 0 {
					t.Errorf("%s (%v):\n%s", f, err, text)
				}
				info, err := os.Stat(path)
				if err != nil || strings.HasPrefix(string(text), "#!") != (info.Mode()&0o111 != 0) {
					t.Errorf("%s has mode %v (%v)", f, info.Mode(), err)
				}
				if strings.HasSuffix(f, ".go") {
					if _, err := parser.ParseFile(token.NewFileSet(), path, text, 0); err != nil {
						t.Error(err)
					}
				}
				if f == "README.md" && !strings.Contains(string(text), "plugin: "+dir+"/handler\n") {
					t.Errorf("README.md doesn't name %s/handler", dir)
				}
			}
		})
	}
}

// What is there is left alone, and what fails leaves nothing.
func TestWriteRefuses(t *testing.T) {
	parent := t.TempDir()
	full := filepath.Join(parent, "full")
	if err := os.MkdirAll(full, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(full, "main.go"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ language, dir, says string }{
		"a full folder": {"go", full, "isn't empty and is left alone"},
		"a file":        {"go", filepath.Join(full, "main.go"), "no name for one"},
		"below a file":  {"go", filepath.Join(full, "main.go", "orders"), "not a directory"},
		"a language":    {"cobol", filepath.Join(parent, "orders"), "want go or python"},
		"capitals":      {"go", filepath.Join(parent, "Orders"), "no name for one"},
		"a space":       {"go", filepath.Join(parent, "my orders"), "no name for one"},
		"the root":      {"go", "/", "no name for one"},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := Write(c.language, c.dir)
			if err == nil || !strings.Contains(err.Error(), c.says) || files != nil {
				t.Errorf("wrote %v, error %v, want %q", files, err, c.says)
			}
		})
	}
	left, err := os.ReadDir(parent)
	if err != nil || len(left) != 1 {
		t.Errorf("left %v (%v)", left, err)
	}
	if text, err := os.ReadFile(filepath.Join(full, "main.go")); string(text) != "mine" {
		t.Errorf("the file is now %q (%v)", text, err)
	}
	empty := filepath.Join(parent, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Write("go", empty); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
}

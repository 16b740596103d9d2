package examples

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	root = "../.."
	// installLimit bounds what a README asks to install: some 50 MB of downloads.
	installLimit = 4 * time.Minute
)

// shell are the commands that a README tells to run from the folder of the repository.
func shell(t *testing.T, readme string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, readme))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for rest := string(text); ; {
		_, block, found := strings.Cut(rest, "\n```sh\n")
		if !found {
			break
		}
		block, rest, _ = strings.Cut(block, "\n```\n")
		all.WriteString("(\n" + block + "\n)\n") // each block begins in the same folder
	}
	if all.Len() == 0 {
		t.Fatalf("%s has no block of commands", readme)
	}
	return all.String()
}

// copied is a folder with the named folders of the repository, as they are but for what
// somebody has installed there.
func copied(t *testing.T, folders ...string) string {
	t.Helper()
	to := t.TempDir()
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			switch rel, err := filepath.Rel(root, path); {
			case err != nil:
				return err
			case d.IsDir() && installed(d.Name()):
				return fs.SkipDir
			case d.IsDir():
				return os.MkdirAll(filepath.Join(to, rel), 0o755)
			default:
				return copyFile(path, filepath.Join(to, rel))
			}
		})
		if err != nil {
			t.Fatalf("copy %s: %v", folder, err)
		}
	}
	return to
}

func installed(folder string) bool {
	return folder == "venv" || folder == "node_modules" || folder == "__pycache__" || folder == ".mypy_cache"
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, info.Mode().Perm())
}

// run runs commands in a folder, as a person would.
func run(t *testing.T, folder, commands string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), installLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", commands)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", commands, err, out)
	}
}

// need ends the test as NOT RUN where the machine lacks a tool.
func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("NOT RUN: no " + tool)
		}
	}
}

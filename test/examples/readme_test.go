package examples

import (
	"context"
	"fmt"
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

// copyTo fills a folder with folders of the repository, as they are but for what
// somebody has installed there.
func copyTo(to string, folders ...string) error {
	return eachFile(folders, func(rel string) error {
		target := filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return copyFile(filepath.Join(root, rel), target)
	})
}

// eachFile goes through the folders in a fixed order; paths are below the repository's.
func eachFile(folders []string, do func(rel string) error) error {
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				if installed(d.Name()) {
					return fs.SkipDir
				}
				return nil
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			return do(rel)
		})
		if err != nil {
			return err
		}
	}
	return nil
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
func run(ctx context.Context, folder, commands string) error {
	ctx, cancel := context.WithTimeout(ctx, installLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", commands)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run %s: %w\n%s", commands, err, out)
	}
	return nil
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

// checks runs the command by which a README says to try the example, against the one
// that was prepared in the folder.
func checks(t *testing.T, readme, folder string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, readme))
	if err != nil {
		t.Fatal(err)
	}
	_, command, found := strings.Cut(string(text), "\n```\ngo run ")
	command, _, ended := strings.Cut(command, "\n")
	words := strings.Fields(command)
	if !found || !ended || len(words) < 2 || !strings.Contains(command, "handlers check --conformance ") {
		t.Fatalf("%s doesn't say how to check the example", readme)
	}
	words[len(words)-1] = filepath.Join(folder, words[len(words)-1])
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append([]string{"run"}, words...)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), " passes all ") {
		t.Errorf("go run %s: %v\n%s", command, err, out)
	}
}

package examples

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestNode(t *testing.T) {
	need(t, "node", "npm")
	version, err := exec.Command("node", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(string(version), "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < 18 {
		t.Skip("NOT RUN: no node of 18 or later")
	}
	folder := prepared(t, "node", string(version), shell(t, "examples/node/README.md"), "examples/node", "plugins/wire")
	path := filepath.Join(folder, "examples/node/handler.js")
	t.Run("example", func(t *testing.T) { conform(t, path) })
	t.Run("as its README says", func(t *testing.T) { checks(t, "examples/node/README.md", folder) })
	t.Run("by a person", func(t *testing.T) { byAPerson(t, path) })
}

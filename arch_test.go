package boostd_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/kafkaboost/boostd"

// rooms is the import table: which rooms a room may import. Arrows point only
// downward. A package below a room belongs to it unless it has its own line.
var rooms = map[string][]string{
	"":                    {},
	"priority":            {"", "suggest"},
	"scheduler":           {""},
	"offsets":             {""},
	"audit":               {""},
	"alarms":              {"", "scheduler"},
	"logs":                {"suggest"},
	"suggest":             {},
	"lockfile":            {},
	"wholefile":           {},
	"credential":          {"wholefile"},
	"record":              {""},
	"deadletter":          {"", "priority"},
	"console":             {"", "priority", "lockfile", "record"},
	"plugins":             {"", "credential"},
	"tracing":             {"", "credential"},
	"plugins/wire":        {},
	"plugins/sdk":         {"plugins/wire"},
	"plugins/conformance": {"plugins/wire"},
	"examples":            {"plugins/sdk"},
	"producer":            {"", "priority", "kafkaio", "record"},
	"kafkaio":             {"", "priority", "offsets", "suggest"},
	"configwatch":         {"", "priority", "lockfile", "wholefile", "credential"},
	"actors":              {"", "priority", "scheduler"},
	"conf":                {"", "priority", "scheduler", "configwatch", "kafkaio", "plugins", "console", "producer", "logs", "suggest", "tracing"},
	"daemon":              {"", "priority", "scheduler", "offsets", "deadletter", "audit", "plugins", "kafkaio", "configwatch", "actors", "conf", "alarms", "console", "logs", "lockfile", "wholefile", "producer", "record", "suggest", "tracing"},
	"cmd":                 {"*"},
	"test":                {"*"},
	"test/kafkatest":      {},
	"test/cmd/runtests":   {},
	"test/bench/report":   {},
	"test/bench/task":     {},
	"kafkaio/embedded":    {""},
	"kafkaio/internal":    {},
	"test/kafkatest/cmd":  {"test/kafkatest"},
}

// libraries have one room each; test/ may use them all, to compare boostd with
// what they do alone.
var libraries = map[string]string{
	"github.com/confluentinc/confluent-kafka-go": "kafkaio",
	"github.com/asynkron/protoactor-go":          "actors",
	"github.com/twmb/franz-go":                   "kafkaio/embedded",
	"go.yaml.in/yaml":                            "conf",
	"github.com/spf13/cobra":                     "cmd",
	"github.com/prometheus/client_golang":        "console",
	"github.com/fsnotify/fsnotify":               "configwatch",
	"github.com/aws/aws-sdk-go-v2":               "configwatch",
	"github.com/hashicorp/go-plugin":             "plugins",
	"go.opentelemetry.io":                        "tracing", // protoactor links some of it, and isn't given any
}

// pure rooms import nothing that has a clock of its own, draws numbers at
// random, logs, starts something, or reaches outside.
var pure = []string{"", "priority", "scheduler", "offsets", "alarms", "record", "deadletter", "test/bench/report", "test/bench/task"}

var impure = []string{"os", "os/exec", "net", "net/http", "log", "log/slog", "math/rand", "math/rand/v2",
	"crypto/rand", "sync", "sync/atomic", "context", "github.com/hashicorp/go-hclog"}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	var all []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// room finds the most specific line of the table that a package belongs to.
func room(importPath string) (string, bool) {
	path := strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
	for {
		if _, ok := rooms[path]; ok {
			return path, true
		}
		cut := strings.LastIndex(path, "/")
		if cut < 0 {
			return path, false
		}
		path = path[:cut]
	}
}

func TestImportsPointDownward(t *testing.T) {
	for _, p := range list(t) {
		from, ok := room(p.ImportPath)
		if !ok {
			t.Errorf("%s belongs to no room of the table", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			if imported != module && !strings.HasPrefix(imported, module+"/") {
				continue
			}
			to, _ := room(imported)
			if to != from && !slices.Contains(rooms[from], to) && !slices.Contains(rooms[from], "*") && !below(to, from) {
				t.Errorf("%s imports %s: room %q may not import room %q", p.ImportPath, imported, from, to)
			}
		}
	}
}

// below lets a room use what stands in its own folder.
func below(to, from string) bool { return from != "" && strings.HasPrefix(to, from+"/") }

func TestLibrariesHaveOneRoom(t *testing.T) {
	for _, p := range list(t) {
		from, _ := room(p.ImportPath)
		for _, imported := range p.Imports {
			for library, home := range libraries {
				if strings.HasPrefix(imported, library) && from != home && !below(from, home) && from != "test" && !below(from, "test") {
					t.Errorf("%s imports %s, whose room is %s", p.ImportPath, imported, home)
				}
			}
		}
	}
}

func TestPureRoomsStayPure(t *testing.T) {
	for _, p := range list(t) {
		from, _ := room(p.ImportPath)
		if !slices.Contains(pure, from) {
			continue
		}
		for _, imported := range p.Imports {
			if slices.Contains(impure, imported) {
				t.Errorf("%s is pure and imports %s", p.ImportPath, imported)
			}
		}
	}
}

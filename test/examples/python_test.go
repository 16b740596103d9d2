package examples

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// needPython ends the test as NOT RUN where there is no Python of 3.10 or later that
// can make environments.
func needPython(t *testing.T) {
	t.Helper()
	need(t, "python3")
	if exec.Command("python3", "-c", "import sys; sys.exit(sys.version_info < (3, 10))").Run() != nil {
		t.Skip("NOT RUN: no python3 of 3.10 or later")
	}
	if exec.Command("python3", "-c", "import venv, ensurepip").Run() != nil {
		t.Skip("NOT RUN: no venv for python3")
	}
}

// The README's commands, and then what the SDK's own tests need.
func TestPython(t *testing.T) {
	needPython(t)
	version, err := exec.Command("python3", "-VV").Output()
	if err != nil {
		t.Fatal(err)
	}
	folder := prepared(t, "python", string(version), shell(t, "examples/python/README.md")+`
		examples/python/venv/bin/python -m pip install --quiet --disable-pip-version-check './plugins/sdk/python[test]'`,
		"examples/python", "plugins/sdk/python")
	example := filepath.Join(folder, "examples/python")
	t.Run("example", func(t *testing.T) { conform(t, filepath.Join(example, "handler")) })
	t.Run("as its README says", func(t *testing.T) { checks(t, "examples/python/README.md", folder) })
	t.Run("async", func(t *testing.T) { conform(t, asyncVariant(t, example)) })
	t.Run("by a person", func(t *testing.T) { byAPerson(t, filepath.Join(example, "handler")) })
	t.Run("protocol", func(t *testing.T) { knowsTheProtocol(t, filepath.Join(example, "venv/bin/python")) })
	for name, command := range map[string]string{"sdk": "pytest", "sdk types": "mypy", "example types": "mypy ../../../examples/python/main.py"} {
		t.Run(name, func(t *testing.T) {
			if err := run(t.Context(), filepath.Join(folder, "plugins/sdk/python"), "../../../examples/python/venv/bin/python -m "+command); err != nil {
				t.Error(err)
			}
		})
	}
}

// knowsTheProtocol compares what was generated for Python with what was for Go: make
// proto writes both.
func knowsTheProtocol(t *testing.T, python string) {
	t.Helper()
	out, err := exec.Command(python, "-c", "from boostd_handler.wire import handler_pb2 as h\nimport sys\nsys.stdout.buffer.write(h.DESCRIPTOR.serialized_pb)").Output()
	if err != nil {
		t.Fatal(err)
	}
	var got descriptorpb.FileDescriptorProto
	if err := proto.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	want := protodesc.ToFileDescriptorProto(wire.File_handler_proto)
	got.Name = want.Name // it has the package's folder before it
	withoutJSONNames(want.GetMessageType())
	if !proto.Equal(&got, want) {
		t.Errorf("Python's protocol isn't handler.proto: make proto\n%s", prototext.Format(&got))
	}
}

// withoutJSONNames leaves out what follows from the fields' names, and is only in Go's.
func withoutJSONNames(messages []*descriptorpb.DescriptorProto) {
	for _, m := range messages {
		for _, f := range m.GetField() {
			f.JsonName = nil
		}
		withoutJSONNames(m.GetNestedType())
	}
}

// asyncVariant is the example with an async handler instead of a plain one.
func asyncVariant(t *testing.T, example string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(example, "main.py"))
	if err != nil {
		t.Fatal(err)
	}
	changed := string(text)
	for _, c := range [][2]string{
		{"def handle(", "async def handle("},
		{"def start(", "async def start("},
		{"            if m.wait_cancelled(wish.get(\"ms\", 0) / 1000):\n                raise Cancelled\n", "            await asyncio.sleep(wish.get(\"ms\", 0) / 1000)\n"},
		{"from datetime", "import asyncio\nfrom datetime"},
	} {
		if strings.Count(changed, c[0]) != 1 {
			t.Fatalf("main.py doesn't have %q once", c[0])
		}
		changed = strings.Replace(changed, c[0], c[1], 1)
	}
	path := filepath.Join(t.TempDir(), "async.py")
	// Its first line names the interpreter: the other way to make a program of one path.
	changed = "#!" + filepath.Join(example, "venv/bin/python") + "\n" + changed
	if err := os.WriteFile(path, []byte(changed), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// byAPerson starts a plugin without boostd's cookie: it says what it is.
func byAPerson(t *testing.T, path string) {
	t.Helper()
	out, err := exec.Command(path).CombinedOutput()
	if code := exitCode(err); code != 64 {
		t.Errorf("exit code %d, want 64", code)
	}
	if !strings.Contains(string(out), "boostd") {
		t.Errorf("it says %q", out)
	}
}

func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
}

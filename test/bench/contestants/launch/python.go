package launch

import (
	"context"
	"os/exec"
	"path/filepath"

	"github.com/kafkaboost/boostd/test/compat/environment"
)

func missingPython() string {
	python, err := exec.LookPath("python3")
	if err != nil {
		return environment.ErrNoPython.Error()
	}
	if exec.Command(python, "-c", "import venv, ensurepip").Run() != nil {
		return environment.ErrNoVenv.Error()
	}
	return ""
}

func preparePython(ctx context.Context) error {
	_, err := environment.Python(ctx)
	return err
}

// pythonCommand is isolated: the program's own folder is no place to import from, and
// the program has the name of what it imports.
func pythonCommand(ctx context.Context, args ...string) (*exec.Cmd, error) {
	python, err := environment.Python(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := root()
	if err != nil {
		return nil, err
	}
	all := append([]string{"-I", filepath.Join(dir, folder, "kafkaboost.py")}, args...)
	return exec.CommandContext(ctx, python, all...), nil
}

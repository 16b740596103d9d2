package launch

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/kafkaboost/boostd/test/cached"
	"github.com/kafkaboost/boostd/test/kafkatest"
)

// javaOptions of the JVM: enough memory not to be short of it, the collector that took the
// least CPU, and of the library's log the warnings.
var javaOptions = []string{"-Xmx512m", "-XX:+UseParallelGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"}

// project is the Maven project's files.
var project = []string{"pom.xml", "Parallel.java"}

// javaName is the cache's folder for the project as it is now.
func javaName() (string, error) {
	parts := make([]string, len(project))
	for n := range project {
		text, err := readSource(filepath.Join("parallel", project[n]))
		if err != nil {
			return "", err
		}
		parts[n] = string(text)
	}
	return cached.Name("parallel-consumer", parts...), nil
}

// readSource reads a file of the contestants' folder.
func readSource(name string) ([]byte, error) {
	dir, err := root()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, folder, name))
}

func missingJava() string {
	if m := kafkatest.Missing(); m != "" {
		return m
	}
	if _, err := exec.LookPath("mvn"); err == nil {
		return ""
	}
	name, err := javaName()
	if err == nil {
		var path string
		if path, err = cached.Path(name); err == nil {
			_, err = os.Stat(path)
		}
	}
	if err != nil {
		return "no mvn"
	}
	return ""
}

// buildJava has Maven compile the project and bring what it needs.
func buildJava(ctx context.Context) error {
	name, err := javaName()
	if err != nil {
		return err
	}
	_, err = cached.Folder(ctx, name, func(dir string) error {
		for _, file := range project {
			text, err := readSource(filepath.Join("parallel", file))
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
				return err
			}
		}
		mvn := exec.CommandContext(ctx, "mvn", "-q", "-B", "package", "dependency:copy-dependencies", "-DoutputDirectory="+filepath.Join(dir, "target"))
		mvn.Dir = dir
		if out, err := mvn.CombinedOutput(); err != nil {
			return fmt.Errorf("mvn package: %w\n%s", err, out)
		}
		return nil
	})
	return err
}

func javaCommand(ctx context.Context, args ...string) (*exec.Cmd, error) {
	name, err := javaName()
	if err != nil {
		return nil, err
	}
	dir, err := cached.Path(name)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("find parallel: %w; Prepare builds it", err)
	}
	java, err := kafkatest.Java()
	if err != nil {
		return nil, fmt.Errorf("find java: %w", err)
	}
	all := append(javaOptions[:len(javaOptions):len(javaOptions)], "-cp", filepath.Join(dir, "target", "*"), "Parallel")
	return exec.CommandContext(ctx, java, append(all, args...)...), nil
}

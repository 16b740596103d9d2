package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// fetchLimit bounds Maven's run: 45 MB, first time.
const fetchLimit = 3 * time.Minute

// fetchJars copies the jars into the cache, unless they are there.
func (k *kit) fetchJars(ctx context.Context) error {
	if !exists(k.jarsDir()) {
		if err := create(k.jarsDir(), func(dir string) error { return runMaven(ctx, dir) }); err != nil {
			return err
		}
	}
	return k.readClassPath()
}

func runMaven(ctx context.Context, dir string) error {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return fmt.Errorf("fetch Kafka's jars: %w", err)
	}
	project := filepath.Join(dir, "pom.xml")
	if err := os.WriteFile(project, pom, 0o600); err != nil {
		return fmt.Errorf("fetch Kafka's jars: %w", err)
	}
	// Maven alone keeps the environment: settings and proxies are found there.
	err = run(ctx, fetchLimit, command{path: mvn, dir: dir, env: os.Environ(), args: []string{
		"-q", "-B", "-f", project, "dependency:copy-dependencies", "-DoutputDirectory=" + dir}})
	if err != nil {
		return fmt.Errorf("fetch Kafka's jars with Maven: %w", err)
	}
	return nil
}

// readClassPath lists the jars in sorted order: a class-data archive fits only
// the class path, in the order, that it was made with.
func (k *kit) readClassPath() error {
	jars, err := filepath.Glob(filepath.Join(k.jarsDir(), "*.jar"))
	if err != nil {
		return fmt.Errorf("list jars: %w", err)
	}
	if !slices.ContainsFunc(jars, func(j string) bool { return strings.HasPrefix(filepath.Base(j), "kafka_2.13-") }) {
		return fmt.Errorf("list jars: no broker among the %d in %s; remove that directory to fetch them again", len(jars), k.jarsDir())
	}
	slices.Sort(jars)
	k.classPath = strings.Join(jars, string(filepath.ListSeparator))
	return nil
}

// run runs a child to its end, at most limit; its error has the last lines
// that the child wrote.
func run(ctx context.Context, limit time.Duration, c command) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out := &nodeLog{ready: make(chan struct{})}
	c.out = out
	p, err := spawn(c)
	if err != nil {
		return err
	}
	select {
	case <-p.ended:
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("not done in time: %w", ctx.Err()), p.endGroup())
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w; it wrote:\n%s", filepath.Base(c.path), p.err, out.text())
	}
	return nil
}

// endGroup ends the child and what it started: mvn is a script around a JVM.
func (p *process) endGroup() error {
	if p.running() {
		// The group has the child's id for as long as the child isn't reaped.
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
	return p.kill()
}

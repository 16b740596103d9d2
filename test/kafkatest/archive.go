package kafkatest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	archivePrefix = "classes-"
	// archiveLimit bounds the run that makes the archive, 10 s on an idle machine.
	archiveLimit = 2 * time.Minute
)

// archiveFile names the archive after all that it depends on: the JVM ignores
// one that was made by another Java or with other jars, and starts slowly.
func (k *kit) archiveFile() (string, error) {
	parts := []string{k.classPath}
	release, err := os.ReadFile(releaseFile(k.java))
	if err == nil {
		parts = append(parts, string(release))
	}
	for _, path := range append(strings.Split(k.classPath, string(filepath.ListSeparator)), k.java) {
		info, err := os.Stat(path)
		if err != nil {
			return "", fmt.Errorf("find class-data archive: %w", err)
		}
		parts = append(parts, fmt.Sprint(path, info.Size(), info.ModTime().UnixNano()))
	}
	return filepath.Join(k.dir, archivePrefix+digest(parts...)+".jsa"), nil
}

// findArchive sets the archive where there is one. An empty file says that this
// Java makes none; then nodes start without.
func (k *kit) findArchive() bool {
	path, err := k.archiveFile()
	if err != nil {
		return false
	}
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	if info.Size() > 0 {
		k.archive = path
	}
	return true
}

// makeArchive starts a node with every listener, so that the classes of SASL
// and TLS are in the archive too, stops it, and keeps the classes it loaded.
func (k *kit) makeArchive(ctx context.Context) error {
	if k.findArchive() {
		return nil
	}
	path, err := k.archiveFile()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(k.dir, making)
	if err != nil {
		return fmt.Errorf("make class-data archive: %w", err)
	}
	defer os.RemoveAll(work)
	made := filepath.Join(work, "archive")
	ctx, cancel := context.WithTimeout(ctx, archiveLimit)
	defer cancel()
	if err := k.runForArchive(ctx, filepath.Join(work, "cluster"), made); err != nil {
		return fmt.Errorf("make class-data archive: %w", err)
	}
	if !exists(made) {
		if err := os.WriteFile(made, nil, 0o600); err != nil {
			return fmt.Errorf("make class-data archive: %w", err)
		}
	}
	k.removeOldArchives()
	if err := os.Rename(made, path); err != nil {
		return fmt.Errorf("make class-data archive: %w", err)
	}
	k.findArchive()
	return nil
}

func (k *kit) runForArchive(ctx context.Context, dir, made string) error {
	c, err := k.startCluster(ctx, Options{Nodes: 1, Security: true, Dir: dir}, "-XX:ArchiveClassesAtExit="+made)
	if err != nil {
		return err
	}
	defer c.Close()
	n := c.Node(0)
	if err := n.signal(syscall.SIGTERM); err != nil {
		return err
	}
	// The JVM writes the archive after the broker has stopped.
	return n.waitEnd(ctx)
}

// removeOldArchives drops archives of 50 MB that no start would use again. A
// JVM that still has one mapped keeps its contents.
func (k *kit) removeOldArchives() {
	old, err := filepath.Glob(filepath.Join(k.dir, archivePrefix+"*.jsa"))
	if err != nil {
		return
	}
	for _, path := range old {
		os.Remove(path)
	}
}

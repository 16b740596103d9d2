package kafkatest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// formatLimit bounds one run of Kafka's formatter, a second on an idle machine.
const formatLimit = time.Minute

// checkpointDir has what Kafka's formatter writes beside meta.properties: the
// first metadata records, SCRAM users included. They name neither a cluster nor
// a node; so one formatting serves every cluster, with or without security.
func (k *kit) checkpointDir() string {
	return filepath.Join(k.dir, "format-"+digest(string(pom), strings.Join(scramArguments(), " ")))
}

// format makes the checkpoint, unless it is there.
func (k *kit) format(ctx context.Context) error {
	if exists(k.checkpointDir()) {
		return nil
	}
	work, err := os.MkdirTemp(k.dir, making)
	if err != nil {
		return fmt.Errorf("format storage: %w", err)
	}
	defer os.RemoveAll(work)
	// Nothing listens while formatting: any port will do.
	l := layout{dir: work, ports: []nodePorts{{plain: 1, controller: 2}}}
	if err := l.writeProperties(0, Options{Nodes: 1}); err != nil {
		return err
	}
	args := append(jvmFlags(""), "-cp", k.classPath, "kafka.tools.StorageTool", "format",
		"--cluster-id", newUUID(), "--config", l.propertiesFile(0))
	args = append(args, scramArguments()...)
	if err := run(ctx, formatLimit, command{path: k.java, args: args, env: childEnv(), dir: work}); err != nil {
		return fmt.Errorf("format storage: %w", err)
	}
	if err := os.Remove(filepath.Join(l.dataDir(0), metaFile)); err != nil {
		return fmt.Errorf("format storage: %w", err)
	}
	if err := os.Rename(l.dataDir(0), k.checkpointDir()); err != nil {
		return fmt.Errorf("format storage: %w", err)
	}
	return nil
}

// metaFile names the cluster, the node and the directory to the broker.
const metaFile = "meta.properties"

// formatNode does for one node what the formatter would, without a JVM.
func (k *kit) formatNode(dataDir, clusterID string, node int) error {
	if err := os.CopyFS(dataDir, os.DirFS(k.checkpointDir())); err != nil {
		return fmt.Errorf("format node %d: %w", node, err)
	}
	meta := fmt.Sprintf("version=1\ncluster.id=%s\nnode.id=%d\ndirectory.id=%s\n", clusterID, node, newUUID())
	if err := os.WriteFile(filepath.Join(dataDir, metaFile), []byte(meta), 0o600); err != nil {
		return fmt.Errorf("format node %d: %w", node, err)
	}
	return nil
}

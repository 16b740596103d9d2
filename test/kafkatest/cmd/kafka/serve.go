package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/kafkaboost/boostd/test/kafkatest/internal/filelock"
)

// The state directory's files. The pid file is locked for as long as the
// background process lives, so its number is never a stranger's.
func (s settings) pidFile() string     { return filepath.Join(s.state, "kafka.pid") }
func (s settings) clusterFile() string { return filepath.Join(s.state, "kafka.json") }
func (s settings) logFile() string     { return filepath.Join(s.state, "kafka.log") }

// running is what start prints about a cluster.
type running struct {
	Nodes   int
	Brokers []string
	Secure  *kafkatest.Security `json:",omitempty"`
}

func (r running) print(w io.Writer) error {
	text := strings.Join(r.Brokers, ",") + "\n"
	if s := r.Secure; s != nil {
		text += fmt.Sprintf("SASL_SSL        %s\nSASL_PLAINTEXT  %s\nSSL             %s\nCA file         %s\n",
			strings.Join(s.SASLSSL, ","), strings.Join(s.SASLPlaintext, ","), strings.Join(s.SSL, ","), s.CAFile)
		for _, u := range []kafkatest.User{s.Scram256, s.Scram512, s.Plain} {
			text += fmt.Sprintf("%-15s user %s, password %s\n", u.Mechanism, u.Name, u.Password)
		}
	}
	_, err := io.WriteString(w, text)
	return err
}

// readyDescriptor is where serve says that the cluster runs: the write end of a
// pipe, whose closing without a word says that it doesn't.
const readyDescriptor = 3

// serve owns a cluster until it is told to end, and lives in the background.
func serve(ctx context.Context, s settings, _ io.Writer) error {
	syscall.CloseOnExec(readyDescriptor) // the nodes would keep it open
	ready := os.NewFile(readyDescriptor, "ready")
	defer ready.Close()
	lock, err := filelock.Try(s.pidFile())
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if err := os.WriteFile(s.pidFile(), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return fmt.Errorf("write pid file: %w", err)
	}
	c, err := kafkatest.Start(ctx, s.Options)
	if err != nil {
		return err
	}
	r := running{Nodes: c.Nodes(), Brokers: c.Brokers()}
	if s.Security {
		secure := c.Secure()
		r.Secure = &secure
	}
	if err := announce(s, r, ready); err != nil {
		return errors.Join(err, c.Close())
	}
	<-ctx.Done()
	return errors.Join(c.Close(), os.Remove(s.clusterFile()))
}

func announce(s settings, r running, ready *os.File) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("announce cluster: %w", err)
	}
	if err := os.WriteFile(s.clusterFile(), text, 0o600); err != nil {
		return fmt.Errorf("announce cluster: %w", err)
	}
	if _, err := ready.WriteString("ready\n"); err != nil {
		return fmt.Errorf("announce cluster: %w", err)
	}
	return ready.Close()
}

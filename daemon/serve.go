package daemon

import (
	"fmt"
	"os"
	"strings"

	"github.com/kafkaboost/boostd/console"
)

// maxToken bounds the token's file in bytes.
const maxToken = 4096

// serve opens the control socket and, where it is asked for, the port.
func (d *Daemon) serve() error {
	if d.file().Control == "" && d.file().Console.Listen == "" {
		return nil
	}
	token, err := d.token()
	if err != nil {
		return d.unfit(err)
	}
	d.server, err = console.Start(console.Options{
		Socket: d.file().Control, Listen: d.file().Console.Listen, Token: token, ProduceOnPort: d.file().Console.Produce,
		Daemon: d, Held: d, Handlers: d, Producer: &d.outlet, Results: results{&d.later}, LogLevels: d.options.Levels, Logger: d.logger.Named("console"),
	})
	if err != nil {
		return fmt.Errorf("open console: %w", err)
	}
	return nil
}

// token is the first line of the file that console.token_file names, empty where
// none is named.
func (d *Daemon) token() (string, error) {
	if d.file().Console.TokenFile == "" {
		return "", nil
	}
	path := d.relative(d.file().Console.TokenFile)
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read console.token_file: %w", err)
	}
	if info.Size() > maxToken {
		return "", fmt.Errorf("read console.token_file: %s is larger than %d bytes", path, maxToken)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read console.token_file: %w", err)
	}
	line, _, _ := strings.Cut(string(data), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", fmt.Errorf("read console.token_file: the first line of %s is empty", path)
	}
	return line, nil
}

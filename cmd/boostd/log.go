package main

import (
	"io"
	"os"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/term"
)

// logLevels are the values of --log-level.
var logLevels = []string{"trace", "debug", "info", "warn", "error"}

// newLogger logs text to a terminal and JSON elsewhere.
func newLogger(to *os.File, level string) (hclog.Logger, error) {
	parsed := hclog.LevelFromString(level)
	if parsed == hclog.NoLevel {
		return nil, usage("--log-level %q: want one of %v", level, logLevels)
	}
	return hclog.New(&hclog.LoggerOptions{
		Name: "boostd", Level: parsed, Output: io.Writer(to), JSONFormat: !term.IsTerminal(int(to.Fd())),
	}), nil
}

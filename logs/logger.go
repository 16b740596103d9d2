package logs

import (
	"io"
	"log"
	"os"
	"strings"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/term"
)

// Options say where the log goes and who is heard.
type Options struct {
	Output *os.File
	Config Config
	// Level, if there is one, goes before Config.Level.
	Level string
}

// New makes the daemon's logger, and its levels to be changed later. It fails for
// a level or room that there isn't.
func New(o Options) (hclog.Logger, *Levels, error) {
	level := o.Level
	if level == "" {
		level = o.Config.Level
	}
	parsed, err := parse(level)
	if err != nil {
		return nil, nil, err
	}
	l := newLevels(parsed)
	if err := l.apply(o.Config.Rooms); err != nil {
		return nil, nil, err
	}
	return newLogger(form(o.Output), l), l, nil
}

// form is how a line looks on that output. The journal keeps time, program and
// process itself and shows the rest as it is, so text reads better there than
// JSON; its priority comes from the line's beginning (sd-daemon(3)).
func form(output *os.File) *hclog.LoggerOptions {
	o := &hclog.LoggerOptions{Name: "boostd", Level: hclog.Trace, Output: output}
	switch {
	case isJournal(output, os.Getenv("JOURNAL_STREAM")):
		o.Output, o.DisableTime = journal{output}, true
	case !term.IsTerminal(int(output.Fd())):
		o.JSONFormat = true
	}
	return o
}

func newLogger(o *hclog.LoggerOptions, l *Levels) hclog.Logger {
	top := &roomLevel{rest: &l.rest}
	return &logger{Logger: hclog.New(o), levels: l, room: top}
}

// logger asks its room's level before it passes a line on. Loggers made of it
// belong to the same room, or begin one.
type logger struct {
	hclog.Logger // writes everything
	levels       *Levels
	room         *roomLevel
	inRoom       bool
}

var _ hclog.Logger = (*logger)(nil)

func (l *logger) enabled(level hclog.Level) bool { return l.room.get() <= level }

// Log implements hclog.Logger.
func (l *logger) Log(level hclog.Level, msg string, args ...any) {
	if l.enabled(level) {
		l.Logger.Log(level, shorten(msg), cut(args)...)
	}
}

// Trace implements hclog.Logger.
func (l *logger) Trace(msg string, args ...any) { l.Log(hclog.Trace, msg, args...) }

// Debug implements hclog.Logger.
func (l *logger) Debug(msg string, args ...any) { l.Log(hclog.Debug, msg, args...) }

// Info implements hclog.Logger.
func (l *logger) Info(msg string, args ...any) { l.Log(hclog.Info, msg, args...) }

// Warn implements hclog.Logger.
func (l *logger) Warn(msg string, args ...any) { l.Log(hclog.Warn, msg, args...) }

// Error implements hclog.Logger.
func (l *logger) Error(msg string, args ...any) { l.Log(hclog.Error, msg, args...) }

// IsTrace implements hclog.Logger.
func (l *logger) IsTrace() bool { return l.enabled(hclog.Trace) }

// IsDebug implements hclog.Logger.
func (l *logger) IsDebug() bool { return l.enabled(hclog.Debug) }

// IsInfo implements hclog.Logger.
func (l *logger) IsInfo() bool { return l.enabled(hclog.Info) }

// IsWarn implements hclog.Logger.
func (l *logger) IsWarn() bool { return l.enabled(hclog.Warn) }

// IsError implements hclog.Logger.
func (l *logger) IsError() bool { return l.enabled(hclog.Error) }

// GetLevel implements hclog.Logger.
func (l *logger) GetLevel() hclog.Level { return l.room.get() }

// SetLevel implements hclog.Logger, for the whole room; above the rooms for all
// that have no level of their own.
func (l *logger) SetLevel(level hclog.Level) {
	if l.inRoom {
		l.room.own.Store(int32(level))
		return
	}
	l.levels.rest.Store(int32(level))
}

// With implements hclog.Logger.
func (l *logger) With(args ...any) hclog.Logger {
	with := *l
	with.Logger = l.Logger.With(cut(args)...)
	return &with
}

// Named implements hclog.Logger. The first name below the top is a room's.
func (l *logger) Named(name string) hclog.Logger {
	named := *l
	named.Logger = l.Logger.Named(name)
	if !l.inRoom {
		named.room, named.inRoom = l.levels.room(name), true
	}
	return &named
}

// ResetNamed implements hclog.Logger.
func (l *logger) ResetNamed(name string) hclog.Logger {
	named := *l
	named.Logger = l.Logger.ResetNamed(name)
	return &named
}

// StandardLogger implements hclog.Logger.
func (l *logger) StandardLogger(o *hclog.StandardLoggerOptions) *log.Logger {
	return log.New(l.StandardWriter(o), "", 0)
}

// StandardWriter implements hclog.Logger: each write is a line, of the level that
// the options force, else info.
func (l *logger) StandardWriter(o *hclog.StandardLoggerOptions) io.Writer {
	w := lines{l, hclog.Info}
	if o != nil && o.ForceLevel != hclog.NoLevel {
		w.level = o.ForceLevel
	}
	return w
}

type lines struct {
	logger *logger
	level  hclog.Level
}

func (w lines) Write(p []byte) (int, error) {
	w.logger.Log(w.level, strings.TrimSpace(string(p)))
	return len(p), nil
}

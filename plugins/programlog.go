package plugins

import (
	"bufio"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

const (
	// maxStderrLine bounds a line in the log, in bytes; the rest of it is left out.
	maxStderrLine = 4096
	// A handler's programs together may give rise to so many log lines at once,
	// and a second.
	logBurst = 200
	logRate  = 50
)

// programLog is what a handler's programs make the log say: their lines on
// standard error and their ends, as much as is bearable. It serves all programs
// of a handler. What a program writes to standard error is its own
// responsibility, payloads included.
type programLog struct {
	logger hclog.Logger

	mu      sync.Mutex
	tokens  float64
	at      time.Time
	dropped int
}

// drain reads a program's standard error until the stream ends. It reads on
// when the log gets no more, so that a program never waits for its complaints
// to be heard.
func (l *programLog) drain(pid int, stream io.Reader) {
	r := bufio.NewReaderSize(stream, maxStderrLine)
	for inside := false; ; {
		line, err := r.ReadSlice('\n')
		if len(line) > 0 && !inside && l.allow(time.Now()) {
			if text := printable(line, maxStderrLine); text != "" {
				l.logger.Info("program wrote to standard error", "pid", pid, "line", text)
			}
		}
		inside = errors.Is(err, bufio.ErrBufferFull)
		if err != nil && !inside {
			return
		}
	}
}

// ended notes the end of a program that nobody asked to end.
func (l *programLog) ended(pid int, status string) {
	if l.allow(time.Now()) {
		l.logger.Warn("program ended; another one is started when it is needed", "pid", pid, "status", status)
	}
}

// notStarted notes a program that couldn't be started.
func (l *programLog) notStarted(err error) {
	if l.allow(time.Now()) {
		l.logger.Error("can't start program; it is tried again", "error", err)
	}
}

// allow takes a token from the bucket. It says so when lines were left out
// since the last token.
func (l *programLog) allow(now time.Time) bool {
	dropped, ok := l.take(now)
	if dropped > 0 {
		l.logger.Warn("handler has too much to say; lines were left out", "lines", dropped)
	}
	return ok
}

func (l *programLog) take(now time.Time) (dropped int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at.IsZero() {
		l.tokens = logBurst
	} else {
		l.tokens = min(l.tokens+now.Sub(l.at).Seconds()*logRate, logBurst)
	}
	l.at = now
	if l.tokens < 1 {
		l.dropped++
		return 0, false
	}
	l.tokens--
	dropped, l.dropped = l.dropped, 0
	return dropped, true
}

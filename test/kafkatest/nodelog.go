package kafkatest

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
)

const (
	// readyLine is what a broker writes once it is unfenced and serves.
	readyLine = "Kafka Server started"
	// tailLines and tailLineBytes bound what is kept in memory of a node's log.
	tailLines     = 60
	tailLineBytes = 600
	// logFileBytes bounds the file; then it starts again, with one predecessor.
	logFileBytes = 32 << 20
)

// nodeLog takes what a node writes: into a file, and the last lines into
// memory. It watches for the line that says the node is ready. Writing never
// fails, because a broker whose output nobody takes would hang.
type nodeLog struct {
	mu      sync.Mutex
	path    string
	file    *os.File
	written int64
	partial []byte
	tail    []string
	ready   chan struct{}
	seen    bool
}

func openNodeLog(path string) (*nodeLog, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create node log: %w", err)
	}
	return &nodeLog{path: path, file: f, ready: make(chan struct{})}, nil
}

// expectReady forgets an earlier run's lines and returns a channel that is
// closed when the next readyLine comes.
func (l *nodeLog) expectReady() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready, l.seen, l.partial, l.tail = make(chan struct{}), false, nil, nil
	return l.ready
}

// Write implements io.Writer; called by one goroutine at a time, the one that
// copies the child's output.
func (l *nodeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.toFile(p)
	for rest := p; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte{'\n'})
		if room := tailLineBytes - len(l.partial); room > 0 {
			l.partial = append(l.partial, line[:min(room, len(line))]...)
		}
		if whole {
			l.endLine()
		}
		rest = after
	}
	return len(p), nil
}

func (l *nodeLog) endLine() {
	line := string(l.partial)
	l.partial = l.partial[:0]
	l.note(line)
	if !l.seen && strings.Contains(line, readyLine) {
		l.seen = true
		close(l.ready)
	}
}

func (l *nodeLog) note(line string) {
	if len(l.tail) == tailLines {
		l.tail = append(l.tail[:0], l.tail[1:]...)
	}
	l.tail = append(l.tail, line)
}

func (l *nodeLog) toFile(p []byte) {
	if l.file == nil {
		return
	}
	if l.written+int64(len(p)) > logFileBytes {
		if l.rotate(); l.file == nil {
			return
		}
	}
	n, err := l.file.Write(p)
	l.written += int64(n)
	if err != nil {
		l.giveUpFile(err)
	}
}

func (l *nodeLog) rotate() {
	if err := os.Rename(l.path, l.path+".1"); err != nil {
		l.giveUpFile(err)
		return
	}
	l.file.Close()
	f, err := os.Create(l.path)
	if err != nil {
		l.giveUpFile(err)
		return
	}
	l.file, l.written = f, 0
}

// giveUpFile goes on with the lines in memory, which then say why.
func (l *nodeLog) giveUpFile(err error) {
	l.note("kafkatest: the log file ends here: " + err.Error())
	l.file.Close()
	l.file = nil
}

// text is the last lines since the node's last start.
func (l *nodeLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.tail, "\n")
}

func (l *nodeLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
}

package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Writer appends records to a file. Safe from any goroutine. There is one for
// each file, however many handlers write to it.
type Writer struct {
	path   string
	logger hclog.Logger
	now    func() time.Time

	mu      sync.Mutex
	file    io.WriteCloser
	buffer  []byte
	torn    bool // the file's last line has no end
	missing int  // attempts that could not be written since
	since   time.Time
}

// Open opens the file for appending, creates it readable to its owner and
// group, and ends a line that a crash has left open.
func Open(path string, logger hclog.Logger) (*Writer, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open audit: %w", err)
	}
	torn, err := endsTorn(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open audit %s: %w", path, err), file.Close())
	}
	return &Writer{path: path, logger: logger, now: time.Now, file: file, torn: torn}, nil
}

// endsTorn reports whether the file's last byte isn't a newline. What isn't a
// regular file, such as a pipe, can't be looked at and counts as whole.
func endsTorn(file *os.File) (bool, error) {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false, err
	}
	var last [1]byte
	if _, err := file.ReadAt(last[:], info.Size()-1); err != nil {
		return false, err
	}
	return last[0] != '\n', nil
}

// Write hands the records to the kernel in one call. When that fails nothing
// is kept: the loss is logged once, and the first write that succeeds again
// begins with a gap record that says how many attempts are missing.
func (w *Writer) Write(records []Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buffer = w.buffer[:0]
	if w.torn {
		w.buffer = append(w.buffer, '\n')
	}
	if w.missing > 0 {
		w.buffer = fmt.Appendf(w.buffer, "{\"gap\":%d,\"since\":%d,\"until\":%d}\n", w.missing, w.since.UnixNano(), w.now().UnixNano())
	}
	for n := range records {
		w.buffer = records[n].AppendJSON(w.buffer)
	}
	written, err := w.file.Write(w.buffer)
	if err != nil {
		w.failed(err, written, len(records))
		return fmt.Errorf("write audit %s: %w", w.path, err)
	}
	if w.missing > 0 {
		w.logger.Info("audit is written again", "file", w.path, "missing", w.missing)
	}
	w.torn, w.missing = false, 0
	return nil
}

// failed notes what is missing now. Of a write that stopped in the middle the
// whole lines stand in the file although they count as missing: a gap may claim
// too much, never too little.
func (w *Writer) failed(err error, written, records int) {
	if w.missing == 0 {
		w.since = w.now()
		w.logger.Error("audit can't be written: attempts go unrecorded until it can", "file", w.path, "error", err)
	}
	w.missing += records
	if written > 0 {
		w.torn = w.buffer[written-1] != '\n'
	}
}

// Close closes the file. What is still missing is said in the log alone.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.missing > 0 {
		w.logger.Error("audit ends with attempts missing", "file", w.path, "missing", w.missing)
	}
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("close audit: %w", err)
	}
	return nil
}

package audit

import (
	"bytes"
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
	torn    bool      // the file's last line has no end
	missing int       // attempts that could not be written since
	since   time.Time // of the first failure; zero when the last write succeeded
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
	if len(records) == 0 {
		return nil
	}
	return w.append(len(records), func(b []byte) []byte {
		for n := range records {
			b = records[n].AppendJSON(b)
		}
		return b
	})
}

// append hands lines to the kernel, behind what else there is to say.
func (w *Writer) append(count int, lines func(b []byte) []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buffer = w.buffer[:0]
	if w.torn {
		w.buffer = append(w.buffer, '\n')
	}
	if w.missing > 0 {
		w.buffer = fmt.Appendf(w.buffer, "{\"gap\":%d,\"since\":%d,\"until\":%d}\n", w.missing, w.since.UnixNano(), w.now().UnixNano())
	}
	w.buffer = lines(w.buffer)
	written, err := w.file.Write(w.buffer)
	if err != nil {
		w.failed(err, w.buffer[:written], count)
		return fmt.Errorf("write audit %s: %w", w.path, err)
	}
	if !w.since.IsZero() {
		w.logger.Info("audit is written again", "file", w.path, "missing", w.missing)
	}
	w.torn, w.missing, w.since = false, 0, time.Time{}
	return nil
}

// failed notes what is missing now. Of a write that stopped in the middle the
// whole lines stand in the file, the gap record among them.
func (w *Writer) failed(err error, written []byte, records int) {
	if w.since.IsZero() {
		w.since = w.now()
		w.logger.Error("audit can't be written: attempts go unrecorded until it can", "file", w.path, "error", err)
	}
	lines := bytes.Count(written, []byte{'\n'}) // a record has none inside
	if w.torn && lines > 0 {
		lines-- // it ended the line of the last failure
	}
	if w.missing > 0 && lines > 0 {
		w.missing = 0
		lines--
	}
	w.missing += records - lines
	if len(written) > 0 {
		w.torn = written[len(written)-1] != '\n'
	}
}

// Failing reports since when the file can't be written, and how many attempts
// are missing from it so far; zero when it can.
func (w *Writer) Failing() (since time.Time, missing int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.since, w.missing
}

// Close closes the file. What is still missing is said in the log alone.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.missing > 0 {
		w.logger.Error("audit ends with attempts missing", "file", w.path, "missing", w.missing)
	}
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("close audit %s: %w", w.path, err)
	}
	return nil
}

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
	wake   chan struct{} // has room for one: something was added
	stop   chan struct{}
	ended  chan struct{} // closed when run has ended

	writing sync.Mutex // held while the kernel has the lines; taken before mu
	file    io.WriteCloser
	out     []byte // what the kernel has

	mu      sync.Mutex // never held while somebody waits for the kernel
	lines   []byte     // that the kernel hasn't seen
	records int        // in them
	torn    bool       // the file's last line has no end
	missing int        // attempts that could not be written since
	since   time.Time  // of the first failure; zero when the last write succeeded
}

const (
	// gather is how long lines lie here: one call for each batch of a handler
	// would cost more than all else about them.
	gather = 5 * time.Millisecond
	// most is how many bytes lie here before who adds more waits for the kernel.
	most = 1 << 20
)

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
	w := newWriter(path, file, logger)
	w.torn = torn
	return w, nil
}

// newWriter starts the goroutine that writes what was added; Close ends it.
func newWriter(path string, file io.WriteCloser, logger hclog.Logger) *Writer {
	w := &Writer{
		path: path, logger: logger, now: time.Now, file: file,
		wake: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{}),
	}
	go w.run()
	return w
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

// run writes what was added, a little later.
func (w *Writer) run() {
	defer close(w.ended)
	for {
		select {
		case <-w.stop:
			return
		case <-w.wake:
		}
		time.Sleep(gather)
		_ = w.Flush() // a failure is logged, and leaves a gap record
	}
}

// Add has the records written soon, and by the next Flush at the latest. A slot
// that gives its batch back doesn't wait for the disk, nor for another slot that
// does: with the call in their way, 64 slots idled for up to 15 ms at a time. Only
// when the kernel is far behind does it wait.
func (w *Writer) Add(records []Record) {
	if len(records) == 0 {
		return
	}
	if w.add(len(records), lines(records)) > most {
		_ = w.Flush()
		return
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Write adds the records and hands all there is to the kernel in one call. When
// that fails nothing is kept: the loss is logged once, and the first write that
// succeeds again begins with a gap record that says how many attempts are missing.
func (w *Writer) Write(records []Record) error {
	if len(records) == 0 {
		return nil
	}
	return w.write(len(records), lines(records))
}

// lines appends the records.
func lines(records []Record) func(b []byte) []byte {
	return func(b []byte) []byte {
		for n := range records {
			b = records[n].AppendJSON(b)
		}
		return b
	}
}

// write lets nobody else take what it adds: the error is that of its own records.
func (w *Writer) write(records int, lines func(b []byte) []byte) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.add(records, lines)
	return w.flush()
}

// add returns how many bytes lie here now.
func (w *Writer) add(records int, lines func(b []byte) []byte) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = lines(w.lines)
	w.records += records
	return len(w.lines)
}

// Flush returns when the kernel has what was added before.
func (w *Writer) Flush() error {
	w.writing.Lock()
	defer w.writing.Unlock()
	return w.flush()
}

// flush needs w.writing.
func (w *Writer) flush() error {
	records := w.take()
	if records == 0 {
		return nil
	}
	written, err := w.file.Write(w.out)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.failed(err, w.out[:written], records)
		return fmt.Errorf("write audit %s: %w", w.path, err)
	}
	if !w.since.IsZero() {
		w.logger.Info("audit is written again", "file", w.path, "missing", w.missing)
	}
	w.torn, w.missing, w.since = false, 0, time.Time{}
	return nil
}

// take moves the lines to w.out, behind what else there is to say, and returns how
// many records they are.
func (w *Writer) take() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out = w.out[:0]
	if w.torn {
		w.out = append(w.out, '\n')
	}
	if w.missing > 0 {
		w.out = fmt.Appendf(w.out, "{\"gap\":%d,\"since\":%d,\"until\":%d}\n", w.missing, w.since.UnixNano(), w.now().UnixNano())
	}
	w.out = append(w.out, w.lines...)
	records := w.records
	w.lines, w.records = w.lines[:0], 0
	return records
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

// Close writes what was added and closes the file; nothing may be added any more.
// What is still missing then is said in the log alone.
func (w *Writer) Close() error {
	close(w.stop)
	<-w.ended
	_ = w.Flush() // a failure is logged
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

package audit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

var errFull = errors.New("no space left on device")

// disk is a file of which each write is cut after a number of bytes; a
// negative number doesn't cut.
type disk struct {
	bytes.Buffer
	cuts   []int
	closed error
}

func (d *disk) Write(p []byte) (int, error) {
	cut := -1
	if len(d.cuts) > 0 {
		cut, d.cuts = d.cuts[0], d.cuts[1:]
	}
	if cut < 0 {
		return d.Buffer.Write(p)
	}
	n, _ := d.Buffer.Write(p[:min(cut, len(p))])
	return n, errFull
}

func (d *disk) Close() error { return d.closed }

// newTestWriter writes to d, when it is told to; what it logs is in the buffer.
func newTestWriter(d *disk) (*Writer, *bytes.Buffer) {
	log := &bytes.Buffer{}
	clock := time.Unix(0, 1000)
	now := func() time.Time { clock = clock.Add(time.Nanosecond); return clock }
	logger := hclog.New(&hclog.LoggerOptions{Output: log})
	ended := make(chan struct{})
	close(ended)
	return &Writer{path: "audit.jsonl", logger: logger, now: now, file: d, stop: make(chan struct{}), ended: ended}, log
}

// slow is a file of which the test sees each write and says when it ends.
type slow struct{ begun, ended chan string }

func (f slow) Write(b []byte) (int, error) {
	f.begun <- string(b)
	<-f.ended
	return len(b), nil
}

func (slow) Close() error { return nil }

func newSlow() (slow, *Writer) {
	file := slow{make(chan string), make(chan string)}
	return file, newWriter("audit.jsonl", file, hclog.NewNullLogger())
}

// Add doesn't wait for the kernel, nor for a writer that does; what is added needs
// nobody's Flush; and Flush waits for what was added.
func TestAddIsWrittenBesides(t *testing.T) {
	file, w := newSlow()
	line := string(new(sample()).AppendJSON(nil))
	w.Add([]Record{sample()})
	w.Add(nil)
	if got := <-file.begun; got != line {
		t.Errorf("at first got\n%s", got)
	}
	w.Add([]Record{sample()})
	w.Add([]Record{sample()})
	flushed := make(chan error, 1)
	go func() { flushed <- w.Flush() }()
	file.ended <- ""
	if got := <-file.begun; got != line+line {
		t.Errorf("then got\n%s", got)
	}
	if len(flushed) > 0 {
		t.Error("Flush returned while the kernel had lines that were added before")
	}
	file.ended <- ""
	if err := errors.Join(<-flushed, w.Close()); err != nil {
		t.Error(err)
	}
}

// While the kernel doesn't keep up, who adds more than most waits for it.
func TestAddWaitsWhenThereIsMuch(t *testing.T) {
	file, w := newSlow()
	w.Add([]Record{sample()})
	<-file.begun
	added := make(chan struct{})
	go func() {
		w.Add(slices.Repeat([]Record{sample()}, most/len(new(sample()).AppendJSON(nil))+1))
		close(added)
	}()
	file.ended <- ""
	if got := len(<-file.begun); got <= most {
		t.Errorf("%d bytes are written", got)
	}
	select {
	case <-added:
		t.Error("Add returned while the kernel had all of it")
	default:
	}
	file.ended <- ""
	<-added
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// Close writes what was added.
func TestCloseWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	w, err := Open(path, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	w.Add([]Record{sample(), sample()})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if log, err := ReadFile(path); err != nil || len(log.Records) != 2 {
		t.Errorf("%d records, %v", len(log.Records), err)
	}
}

// What was added and lost is in the next gap record.
func TestAddedAndLost(t *testing.T) {
	d := &disk{cuts: []int{0}}
	w, _ := newTestWriter(d)
	w.Add([]Record{sample(), sample()})
	if err := w.Flush(); !errors.Is(err, errFull) {
		t.Fatalf("got %v", err)
	}
	w.Add([]Record{sample()})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if want := gap(2) + string(new(sample()).AppendJSON(nil)); d.String() != want {
		t.Errorf("got\n%swant\n%s", d.String(), want)
	}
}

// TestWriterUnderFailure: each write has two records of the same length; the
// cuts say how much of the write's bytes reaches the disk.
func TestWriterUnderFailure(t *testing.T) {
	line := len(new(sample()).AppendJSON(nil))
	for _, c := range []struct {
		name                   string
		cuts                   []int
		writes, failures       int
		records, missing, torn int
	}{
		{"no failure", nil, 3, 0, 6, 0, 0},
		{"nothing written", []int{-1, 0}, 3, 1, 4, 2, 0},
		{"short in the first line", []int{10}, 2, 1, 2, 2, 1},
		{"short in the second line", []int{line + 10}, 2, 1, 3, 1, 1},
		{"all but the last newline", []int{2*line - 1}, 2, 1, 4, 1, 0},
		{"first line whole", []int{line}, 2, 1, 3, 1, 0},
		{"all written and yet an error", []int{2 * line}, 2, 1, 4, 0, 0},
		{"three times nothing", []int{0, 0, 0}, 4, 3, 2, 6, 0},
		{"torn, then nothing", []int{10, 0, 0}, 4, 3, 2, 6, 1},
		{"torn, then torn in the gap record", []int{10, 11}, 3, 2, 2, 4, 2},
		{"torn, then only the gap record whole", []int{10, 1 + len(gap(2))}, 3, 2, 2, 4, 1},
		{"the gap record, torn behind it, twice", []int{0, len(gap(2)) + 5, 1 + len(gap(2)) + 5}, 4, 3, 2, 6, 2},
		{"it fails, recovers and fails again", []int{0, -1, 0, -1}, 5, 2, 6, 4, 0},
		{"it never recovers", []int{0, 0, 0}, 3, 3, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &disk{cuts: c.cuts}
			w, _ := newTestWriter(d)
			failures := 0
			for range c.writes {
				if err := w.Write([]Record{sample(), sample()}); errors.Is(err, errFull) {
					failures++
				} else if err != nil {
					t.Fatal(err)
				}
			}
			got, err := Read(bytes.NewReader(d.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			if failures != c.failures || len(got.Records) != c.records || got.Missing != c.missing || got.Torn != c.torn {
				t.Errorf("got %d failures, %d records, %d missing, %d torn; want %d, %d, %d, %d in\n%s", failures,
					len(got.Records), got.Missing, got.Torn, c.failures, c.records, c.missing, c.torn, d.String())
			}
		})
	}
}

// gap is a gap record as the test's clock makes it.
func gap(n int) string { return fmt.Sprintf("{\"gap\":%d,\"since\":1001,\"until\":1002}\n", n) }

func TestGapRecordSaysHowManyAndWhen(t *testing.T) {
	d := &disk{cuts: []int{0}}
	w, _ := newTestWriter(d)
	_ = w.Write([]Record{sample(), sample()})
	if err := w.Write([]Record{sample()}); err != nil {
		t.Fatal(err)
	}
	if want := gap(2) + string(new(sample()).AppendJSON(nil)); d.String() != want {
		t.Errorf("got\n%swant\n%s", d.String(), want)
	}
}

func TestFailureIsLoggedOnce(t *testing.T) {
	d := &disk{cuts: []int{0, 10, 0, 0, -1, -1, 0}}
	w, log := newTestWriter(d)
	for range 7 {
		_ = w.Write([]Record{sample()})
	}
	for text, want := range map[string]int{"can't be written": 2, "is written again": 1, "missing=4": 1} {
		if got := strings.Count(log.String(), text); got != want {
			t.Errorf("%q is in the log %d times, want %d:\n%s", text, got, want, log)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "audit ends with attempts missing") {
		t.Errorf("Close says nothing of what is missing:\n%s", log)
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	d := &disk{cuts: []int{0}, closed: errFull}
	w, _ := newTestWriter(d)
	for _, err := range []error{w.Write([]Record{sample()}), w.Close()} {
		if !errors.Is(err, errFull) || !strings.Contains(err.Error(), "audit.jsonl") {
			t.Errorf("got %v", err)
		}
	}
}

func TestWriteOfNothing(t *testing.T) {
	d := &disk{cuts: []int{0}}
	w, log := newTestWriter(d)
	if err := w.Write(nil); err != nil || log.Len() > 0 || len(d.cuts) == 0 {
		t.Errorf("got %v and %q", err, log)
	}
}

func TestOpenEndsATornLine(t *testing.T) {
	whole := string(new(sample()).AppendJSON(nil))
	for _, c := range []struct {
		name, before  string
		records, torn int
	}{
		{"new file", "", 1, 0},
		{"whole", whole, 2, 0},
		{"torn", whole + whole[:30], 2, 1},
		{"only its newline is missing", strings.TrimSuffix(whole, "\n"), 2, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.jsonl")
			if err := os.WriteFile(path, []byte(c.before), 0o600); err != nil {
				t.Fatal(err)
			}
			got := writeTo(t, path)
			if len(got.Records) != c.records || got.Torn != c.torn || got.Missing != 0 {
				t.Errorf("got %d records, %d torn, %d missing; want %d, %d, 0", len(got.Records), got.Torn, got.Missing, c.records, c.torn)
			}
		})
	}
}

// writeTo opens the file, writes one record, and reads it all.
func writeTo(t *testing.T, path string) Log {
	t.Helper()
	w, err := Open(path, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write([]Record{sample()}), w.Close()); err != nil {
		t.Fatal(err)
	}
	log, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "such", "folder")
	if _, err := Open(path, hclog.NewNullLogger()); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

func TestWriterFromManyGoroutines(t *testing.T) {
	const goroutines, writes, batch = 8, 50, 3
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	w, err := Open(path, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for n := range writes {
				records := make([]Record, batch)
				for b := range records {
					records[b] = sample()
					records[b].Partition, records[b].Offset = int32(g), int64(n*batch+b)
				}
				if err := w.Write(records); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	log, err := ReadFile(path)
	if err != nil || log.Torn != 0 || len(log.Records) != goroutines*writes*batch {
		t.Fatalf("%v: %d records, %d torn", err, len(log.Records), log.Torn)
	}
	next := map[int32]int64{}
	for _, r := range log.Records {
		if r.Offset != next[r.Partition] {
			t.Fatalf("goroutine %d: offset %d, want %d", r.Partition, r.Offset, next[r.Partition])
		}
		next[r.Partition]++
	}
}

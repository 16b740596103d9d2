// Package feed sends a stream of lines as messages and keeps the account of what
// became of each.
//
// It owns lines, their form and the account; where a message goes is the room
// producer's.
package feed

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// MaxLine is the longest line in bytes, without its end: brokers take messages of
// 1 MiB unless they are told otherwise, and those that take more get it escaped.
const MaxLine = 8 << 20

// line is one of the input. err is why it is none; blank: it is only white space
// between others.
type line struct {
	number int
	text   []byte
	err    error
	blank  bool
}

// batch is some lines on their way, and the messages that they become. Whoever
// has it owns it; after the last message is sent it is used again.
type batch struct {
	lines    []line
	text     []byte // what the lines stand in
	messages []message
}

var batches = sync.Pool{New: func() any { return &batch{} }}

func newBatch() *batch { return batches.Get().(*batch) }

// release gives the batch back, unless a long line has made it large.
func (b *batch) release() {
	if cap(b.text) > 4*batchBytes {
		return
	}
	clear(b.messages)
	clear(b.lines)
	b.lines, b.text, b.messages = b.lines[:0], b.text[:0], b.messages[:0]
	batches.Put(b)
}

// Input hands lines over until there are no more, or ctx ends.
type Input func(ctx context.Context, to chan<- *batch) error

// Lines are those of a stream, without their ends (\n or \r\n); the last one need
// not end. Empty ones are passed over.
func Lines(in io.Reader) Input {
	return func(ctx context.Context, to chan<- *batch) error { return read(ctx, in, MaxLine, to) }
}

// Values are given one by one, as they are.
func Values(values []string) Input {
	return func(ctx context.Context, to chan<- *batch) error {
		b := newBatch()
		for n, v := range values {
			b.lines = append(b.lines, line{number: n + 1, text: []byte(v)})
		}
		return hand(ctx, b, to)
	}
}

func hand(ctx context.Context, b *batch, to chan<- *batch) error {
	select {
	case to <- b:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Bounds of what is handed over at once.
const (
	batchLines = 512
	batchBytes = 64 << 10
)

// read hands over the input's lines, without their ends, in batches: what there
// is when the input would have to be waited for. The last one need not end. It
// returns at the input's end or ctx's; an input that gives nothing more can keep
// it for good, so nobody waits for it.
func read(ctx context.Context, in io.Reader, longest int, to chan<- *batch) error {
	r := bufio.NewReaderSize(in, batchBytes)
	b := newBatch()
	for number := 1; ; number++ {
		err := b.read(r, number, longest)
		if len(b.lines) > 0 && (err != nil || len(b.lines) == batchLines || len(b.text) > batchBytes || !buffered(r)) {
			if err := hand(ctx, b, to); err != nil {
				return err
			}
			b = newBatch()
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read line %d: %w", number, err)
		}
	}
}

// buffered reports whether the next line can be read without waiting for it.
func buffered(r *bufio.Reader) bool {
	waiting, _ := r.Peek(r.Buffered()) // can't fail
	return bytes.IndexByte(waiting, '\n') >= 0
}

// read appends the next line, when there is one.
func (b *batch) read(r *bufio.Reader, number, longest int) error {
	from := len(b.text)
	var tooLong bool
	var err error
	b.text, tooLong, err = readLine(r, b.text, longest)
	if end := errors.Is(err, io.EOF); err == nil || end && (len(b.text) > from || tooLong) {
		l := line{number: number, text: withoutReturn(b.text[from:len(b.text):len(b.text)])}
		if tooLong {
			l.text, l.err = nil, fmt.Errorf("longer than %d bytes", longest)
		}
		l.blank = len(l.text) == 0 && !tooLong
		b.lines = append(b.lines, l)
	}
	return err
}

// readLine appends the next line. One that is too long is read to its end and
// not kept.
func readLine(r *bufio.Reader, text []byte, longest int) (_ []byte, tooLong bool, err error) {
	from := len(text)
	for {
		part, err := r.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) && err == nil {
			part = part[:len(part)-1]
		}
		if tooLong = tooLong || len(text)-from+len(part) > longest; tooLong {
			text = text[:from]
		} else {
			text = append(text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, tooLong, err
		}
	}
}

func withoutReturn(text []byte) []byte {
	if n := len(text); n > 0 && text[n-1] == '\r' {
		return text[:n-1]
	}
	return text
}

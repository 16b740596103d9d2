// Package feed sends a stream of lines as messages and keeps the account of what
// became of each.
//
// It owns lines, their form and the account; where a message goes is the room
// producer's.
package feed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
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

// Input hands lines over until there are no more, or ctx ends.
type Input func(ctx context.Context, to chan<- []line) error

// Lines are those of a stream, without their ends (\n or \r\n); the last one need
// not end. Empty ones are passed over.
func Lines(in io.Reader) Input {
	return func(ctx context.Context, to chan<- []line) error { return read(ctx, in, MaxLine, to) }
}

// Values are given one by one, as they are.
func Values(values []string) Input {
	return func(ctx context.Context, to chan<- []line) error {
		batch := make([]line, len(values))
		for n, v := range values {
			batch[n] = line{number: n + 1, text: []byte(v)}
		}
		return hand(ctx, batch, to)
	}
}

func hand(ctx context.Context, batch []line, to chan<- []line) error {
	select {
	case to <- batch:
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
func read(ctx context.Context, in io.Reader, longest int, to chan<- []line) error {
	r := bufio.NewReaderSize(in, batchBytes)
	number, batch, text := 0, []line(nil), []byte(nil)
	for {
		number++
		from := len(text)
		var tooLong bool
		var err error
		text, tooLong, err = readLine(r, text, longest)
		if end := errors.Is(err, io.EOF); err == nil || end && (len(text) > from || tooLong) {
			l := line{number: number, text: withoutReturn(text[from:len(text):len(text)])}
			if tooLong {
				l.text, l.err = nil, fmt.Errorf("longer than %d bytes", longest)
			}
			l.blank = len(l.text) == 0 && !tooLong
			batch = append(batch, l)
		}
		if len(batch) > 0 && (err != nil || len(batch) == batchLines || len(text) > batchBytes || r.Buffered() == 0) {
			if err := hand(ctx, batch, to); err != nil {
				return err
			}
			batch, text = nil, nil // the receiver's now
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read line %d: %w", number, err)
		}
	}
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

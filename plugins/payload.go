package plugins

import (
	"bytes"
	"errors"
	"io"
	"sync"
)

// payload is a request's body. The transport may still be reading a body when
// it has returned the answer, but nothing of a message may be kept after its
// attempt. So a small value is copied: the transport sends that in one write
// with the head. A large one is read through a reader that drop cuts off.
type payload struct {
	copied bool

	mu      sync.Mutex
	data    []byte
	dropped bool
}

func newPayload(value []byte) *payload {
	if len(value) <= keptBuffer {
		return &payload{data: bytes.Clone(value), copied: true}
	}
	return &payload{data: value}
}

// ownPayload is data that the caller uses for nothing else until drop has returned:
// then nobody reads it any more.
func ownPayload(data []byte) *payload { return &payload{data: data} }

var errDropped = errors.New("the attempt is over")

// open is called again when a kept connection turns out to be closed.
func (p *payload) open() (io.ReadCloser, error) {
	if p.copied {
		return io.NopCloser(bytes.NewReader(p.data)), nil
	}
	return &payloadReader{payload: p}, nil
}

// drop ends all reading of a value that isn't a copy.
func (p *payload) drop() {
	if p.copied {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.data, p.dropped = nil, true
}

// payloadReader reads a large payload once from its beginning.
type payloadReader struct {
	payload *payload
	at      int
}

func (r *payloadReader) Read(b []byte) (int, error) {
	r.payload.mu.Lock()
	defer r.payload.mu.Unlock()
	if r.payload.dropped {
		return 0, errDropped
	}
	if r.at == len(r.payload.data) {
		return 0, io.EOF
	}
	n := copy(b, r.payload.data[r.at:])
	r.at += n
	return n, nil
}

func (r *payloadReader) Close() error { return nil }

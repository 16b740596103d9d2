//go:build linux && !pollread

package kafkaio

import (
	"unsafe"

	"github.com/kafkaboost/boostd"
)

const (
	// chunk is how many bytes are allocated at once for small payloads. One that
	// stays for long keeps the whole of its chunk, so it isn't much more than what a
	// message counts for: see Message.Size.
	chunk = 4096
	// headerChunk is as much of headers.
	headerChunk = 64
	// keptNames and keptName bound the names that are kept: how many, and the
	// length of one in bytes.
	keptNames, keptName = 1000, 100
)

// payloads are copies of the client's memory, many to an allocation. No two overlap,
// and an append to one never reaches the next.
type payloads struct {
	free  []byte
	lists []boostd.Header
}

// copy is nil where there is nothing, not even nothing of no length.
func (p *payloads) copy(from unsafe.Pointer, n int) []byte {
	switch {
	case from == nil:
		return nil
	case n == 0:
		return []byte{}
	}
	source := unsafe.Slice((*byte)(from), n)
	if n > chunk/4 {
		return append([]byte(nil), source...)
	}
	if n > len(p.free) {
		p.free = make([]byte, chunk)
	}
	to := p.free[:n:n]
	p.free = p.free[n:]
	copy(to, source)
	return to
}

// list has room for n headers.
func (p *payloads) list(n int) []boostd.Header {
	if n > headerChunk/4 {
		return make([]boostd.Header, n)
	}
	if n > len(p.lists) {
		p.lists = make([]boostd.Header, headerChunk)
	}
	list := p.lists[:n:n]
	p.lists = p.lists[n:]
	return list
}

// interned keeps one string for each name, as they come again and again.
type interned map[string]string

func (k *interned) name(bytes []byte) string {
	if name, ok := (*k)[string(bytes)]; ok {
		return name
	}
	name := string(bytes)
	if len(name) > keptName {
		return name
	}
	if *k == nil || len(*k) >= keptNames {
		*k = interned{}
	}
	(*k)[name] = name
	return name
}

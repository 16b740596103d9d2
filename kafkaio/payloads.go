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
	// roundTo is what a message's memory is a multiple of, so that the next one of
	// about its length has room in it.
	roundTo = 64
	// headerChunk is as much as chunk, of headers.
	headerChunk = 64
	// keptNames and keptName bound the names that are kept: how many, and the
	// length of one in bytes.
	keptNames, keptName = 1000, 100
)

// payloads are copies of the client's memory, many to an allocation. No two overlap,
// and an append to one never reaches the next.
type payloads struct {
	free  []byte
	spare [][]byte // what messages had that are done, to be used again
	lists []boostd.Header
}

// room is empty and has room for n bytes; kept says whether it is to be given back.
func (p *payloads) room(n int) (room []byte, kept bool) {
	switch {
	case n == 0:
		return nil, false
	case n > chunk/4:
		return make([]byte, 0, n), false
	}
	if last := len(p.spare) - 1; last >= 0 {
		room, p.spare = p.spare[last], p.spare[:last]
		// A short message doesn't keep a long one's memory.
		if n <= cap(room) && cap(room) <= 2*n+roundTo {
			return room[:0], true
		}
	}
	size := (n + roundTo - 1) / roundTo * roundTo
	if size > len(p.free) {
		p.free = make([]byte, chunk)
	}
	room = p.free[:0:size]
	p.free = p.free[size:]
	return room, true
}

// copyTo appends what the client has to a room, and returns that part of it: nil where
// there is nothing, not even nothing of no length.
func copyTo(room *[]byte, from unsafe.Pointer, n int) []byte {
	switch {
	case from == nil:
		return nil
	case n == 0:
		return []byte{}
	}
	at := len(*room)
	*room = append(*room, unsafe.Slice((*byte)(from), n)...)
	return (*room)[at : at+n : at+n]
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

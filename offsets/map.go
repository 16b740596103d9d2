package offsets

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"strings"
)

// MetadataLimit is how much metadata a commit may carry: Kafka's own limit
// (offset.metadata.max.bytes), which brokers count in UTF-16 units. A Map's text
// is ASCII, so that all countings agree.
const MetadataLimit = 4096

// TopicID is Kafka's own identity of a topic: one that is deleted and made anew
// has another. Zero is unknown.
type TopicID [16]byte

// Map says, in the metadata of a commit, what is finished beyond its offset: all
// of Base to End but the pending ones. Whoever reads the partition next handles
// only those.
type Map struct {
	Topic TopicID
	// Base is the committed offset that the map belongs to.
	Base int64
	// LeaderEpoch is the newest in which a message below End was written, -1
	// unknown: a message below End of a newer one was written over what the map
	// tells of.
	LeaderEpoch int32
	// End is behind the last offset that the map knows.
	End int64
	// Pending are those that are not finished, ascending.
	Pending []Pending
}

// Pending is an offset that is not finished.
type Pending struct {
	Offset int64
	// Attempts that have failed, at most 255.
	Attempts uint8
	// Held: given up, waiting for a person.
	Held bool
}

const (
	mapPrefix = "b1:"
	// fixedBytes is the most that a map needs beside its bits: topic, three
	// numbers and an epoch as varints, the way of coding, and the checksum.
	fixedBytes = 16 + 3*binary.MaxVarintLen64 + binary.MaxVarintLen32 + 1 + 4
)

// budget is how many bits a map's pending offsets may take in limit characters.
func budget(limit int) int { return max((limit-len(mapPrefix))*6-8*(fixedBytes+1), 0) }

// Encode writes the map as text of at most limit characters. Where it would be
// longer, attempts are noted as fewer than they were; false when even that
// doesn't help.
func (m *Map) Encode(limit int) (text string, ok bool) {
	for _, most := range []uint8{255, 63, 31, 15, 7, 3, 1, 0} {
		if text = seal(m.encode(most)); len(text) <= limit {
			return text, true
		}
	}
	return "", false
}

// encode writes the bytes: fixed fields, the coding, the bits.
func (m *Map) encode(most uint8) []byte {
	raw := append(make([]byte, 0, 512), m.Topic[:]...)
	raw = binary.AppendUvarint(raw, uint64(m.Base))
	raw = binary.AppendVarint(raw, int64(m.LeaderEpoch))
	raw = binary.AppendUvarint(raw, uint64(m.End-m.Base))
	raw = binary.AppendUvarint(raw, uint64(len(m.Pending)))
	k, short := m.coding()
	w := bitWriter{bytes: append(raw, byte(k))}
	if short {
		m.bitmap(&w)
	} else {
		m.gaps(&w, k)
	}
	for _, p := range m.Pending {
		p.state(&w, most)
	}
	return w.bytes
}

// seal is the text of a map's bytes, with their checksum.
func seal(raw []byte) string {
	raw = binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(raw))
	return mapPrefix + base64.RawURLEncoding.EncodeToString(raw)
}

// asBitmap stands for the parameter of the runs where there are none.
const asBitmap = 255

// coding chooses the shorter form: a bit for each offset, or the runs of finished
// offsets between pending ones, and for those the parameter of their code.
func (m *Map) coding() (k int, bitmap bool) {
	span := uint64(m.End - m.Base)
	best := span
	k = asBitmap
	if len(m.Pending) == 0 {
		return 0, false
	}
	guess := bits.Len64(span / uint64(len(m.Pending)))
	for try := max(guess-2, 0); try <= guess; try++ {
		sum, from := uint64(0), m.Base
		for _, p := range m.Pending {
			sum += uint64(riceBits(uint64(p.Offset-from), try))
			from = p.Offset + 1
		}
		if sum < best {
			best, k = sum, try
		}
	}
	return k, k == asBitmap
}

func (m *Map) bitmap(w *bitWriter) {
	at := m.Base
	for _, p := range m.Pending {
		for ; at < p.Offset; at++ {
			w.bit(false)
		}
		w.bit(true)
		at++
	}
	for ; at < m.End; at++ {
		w.bit(false)
	}
}

func (m *Map) gaps(w *bitWriter, k int) {
	from := m.Base
	for _, p := range m.Pending {
		w.rice(uint64(p.Offset-from), k)
		from = p.Offset + 1
	}
}

// noted reports whether there is more to say than that it is pending.
func (p Pending) noted() bool { return p.Attempts > 0 || p.Held }

func (p Pending) state(w *bitWriter, most uint8) {
	attempts := min(p.Attempts, most)
	if !(Pending{Attempts: attempts, Held: p.Held}).noted() {
		w.bit(false)
		return
	}
	w.bit(true)
	w.bit(p.Held)
	w.gamma(uint64(attempts) + 1)
}

// stateBits is how many state writes.
func (p Pending) stateBits() int {
	if !p.noted() {
		return 1
	}
	return 2 + gammaBits(uint64(p.Attempts)+1)
}

// ErrForeign says that metadata isn't a Map: somebody else's, or one of a later
// version.
var ErrForeign = errors.New("not a completion map of this version")

// ParseMap reads what Encode wrote. The error is ErrForeign for a text that
// isn't a map at all; others mean that it was damaged.
func ParseMap(text string) (Map, error) {
	var m Map
	body, ours := strings.CutPrefix(text, mapPrefix)
	if !ours {
		return m, ErrForeign
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil {
		return m, fmt.Errorf("read completion map: %w", err)
	}
	if len(raw) < len(m.Topic)+4 {
		return m, errDamaged
	}
	sum := raw[len(raw)-4:]
	raw = raw[:len(raw)-4]
	if crc32.ChecksumIEEE(raw) != binary.BigEndian.Uint32(sum) {
		return m, fmt.Errorf("read completion map: %w", errors.New("its checksum is wrong"))
	}
	copy(m.Topic[:], raw)
	f := fields{rest: raw[len(m.Topic):]}
	base, epoch, span, count := f.unsigned(), f.signed(), f.unsigned(), f.unsigned()
	if f.bad || base > math.MaxInt64/2 || span > math.MaxInt64/2 || epoch < -1 || epoch > math.MaxInt32 || len(f.rest) == 0 {
		return m, errDamaged
	}
	m.Base, m.LeaderEpoch, m.End = int64(base), int32(epoch), int64(base+span)
	if count > span || count > uint64(8*len(f.rest)) {
		return m, errDamaged
	}
	r := &bitReader{bytes: f.rest[1:]}
	m.Pending = make([]Pending, 0, count)
	if !m.places(r, int(f.rest[0]), int(count)) || !m.states(r) {
		return m, errDamaged
	}
	return m, nil
}

var errDamaged = errors.New("read completion map: it is damaged")

// fields reads varints.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) unsigned() uint64 {
	v, n := binary.Uvarint(f.rest)
	return f.took(v, n)
}

func (f *fields) signed() int64 {
	v, n := binary.Varint(f.rest)
	return int64(f.took(uint64(v), n))
}

func (f *fields) took(v uint64, n int) uint64 {
	if n <= 0 {
		f.bad = true
		return 0
	}
	f.rest = f.rest[n:]
	return v
}

// places reads the offsets.
func (m *Map) places(r *bitReader, k, count int) bool {
	switch {
	case k == asBitmap && m.End-m.Base > int64(8*len(r.bytes)):
		return false
	case k == asBitmap:
		for at := m.Base; at < m.End; at++ {
			if r.bit() {
				m.Pending = append(m.Pending, Pending{Offset: at})
			}
		}
		return len(m.Pending) == count && !r.short
	case k > 62:
		return false
	}
	from := m.Base
	for range count {
		gap := r.rice(k)
		if r.short || gap >= uint64(m.End-from) {
			return false
		}
		m.Pending = append(m.Pending, Pending{Offset: from + int64(gap)})
		from += int64(gap) + 1
	}
	return true
}

// states reads what is known of each offset, and the zeros behind.
func (m *Map) states(r *bitReader) bool {
	for n := range m.Pending {
		if !r.bit() {
			continue
		}
		m.Pending[n].Held = r.bit()
		attempts := r.gamma() - 1
		if attempts > math.MaxUint8 || attempts == 0 && !m.Pending[n].Held {
			return false
		}
		m.Pending[n].Attempts = uint8(attempts)
	}
	for left := 8*len(r.bytes) - r.at; left > 0; left-- {
		if left >= 8 || r.bit() {
			return false
		}
	}
	return !r.short
}

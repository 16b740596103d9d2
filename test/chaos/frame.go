package chaos

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// offsetCommit is the API key of Kafka's OffsetCommit requests.
const offsetCommit = 8

// maxFrame bounds what is believed of a frame's length.
const maxFrame = 64 << 20

var errFrame = errors.New("not a frame of Kafka's protocol")

// readFrame reads one frame with its length, and the frame's own bytes alone.
func readFrame(from io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(from, length[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(length[:])
	if size < 4 || size > maxFrame {
		return nil, fmt.Errorf("%w: its length is %d", errFrame, size)
	}
	frame := make([]byte, 4+size)
	copy(frame, length[:])
	if _, err := io.ReadFull(from, frame[4:]); err != nil {
		return nil, fmt.Errorf("read a frame of %d bytes: %w", size, err)
	}
	return frame, nil
}

// request reads a request's head: which call it is, and the number that its
// answer will carry.
func request(frame []byte) (key int16, correlation uint32, err error) {
	if len(frame) < 12 {
		return 0, 0, fmt.Errorf("%w: a request of %d bytes", errFrame, len(frame))
	}
	return int16(binary.BigEndian.Uint16(frame[4:])), binary.BigEndian.Uint32(frame[8:]), nil
}

// answered reads the number of the request that an answer is for.
func answered(frame []byte) (correlation uint32, err error) {
	if len(frame) < 8 {
		return 0, fmt.Errorf("%w: an answer of %d bytes", errFrame, len(frame))
	}
	return binary.BigEndian.Uint32(frame[4:]), nil
}

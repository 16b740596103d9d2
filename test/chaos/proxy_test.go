package chaos

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// ask is a request's frame, with a body.
func ask(key int16, correlation uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, 12)
	b = binary.BigEndian.AppendUint16(b, uint16(key))
	b = binary.BigEndian.AppendUint16(b, 9) // version
	b = binary.BigEndian.AppendUint32(b, correlation)
	return append(b, "body"...)
}

// answer is the frame that answers a request.
func answer(correlation uint32) []byte {
	return append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 8), correlation), "body"...)
}

// echo answers each request with its number, and tells the numbers it has seen.
func echo(t *testing.T) (address string, seen chan uint32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	seen = make(chan uint32, 100)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for {
					frame, err := readFrame(c)
					if err != nil {
						return
					}
					_, correlation, _ := request(frame) // the proxy has looked
					seen <- correlation
					if _, err := c.Write(answer(correlation)); err != nil {
						return
					}
				}
			}()
		}
	}()
	return listener.Addr().String(), seen
}

// through is a proxy in front of echo, and a client of it.
func through(t *testing.T) (p *Proxy, dial func() net.Conn, seen chan uint32) {
	t.Helper()
	to, seen := echo(t)
	p, err := StartProxy("127.0.0.1:0", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, func() net.Conn {
		c, err := net.Dial("tcp", p.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(rig.Patience))
		return c
	}, seen
}

// talk sends a commit and another request, and returns which answers come until
// that of the other one.
func talk(t *testing.T, c net.Conn) (answers []uint32) {
	t.Helper()
	if _, err := c.Write(append(ask(offsetCommit, 1), ask(1, 2)...)); err != nil {
		t.Fatal(err)
	}
	for {
		frame, err := readFrame(c)
		if err != nil {
			t.Fatal(err)
		}
		correlation, err := answered(frame)
		if err != nil {
			t.Fatal(err)
		}
		if answers = append(answers, correlation); correlation == 2 {
			return answers
		}
	}
}

// In each weather: what the broker sees, and what the client is answered.
func TestProxyLosesCommitsAlone(t *testing.T) {
	for _, c := range []struct {
		name          string
		weather       Weather
		seen, answers int
	}{
		{"fair", Weather{}, 2, 2},
		{"commits are lost", Weather{LoseCommits: true}, 1, 1},
		{"answers are lost", Weather{LoseAnswers: true}, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, dial, seen := through(t)
			p.Set(c.weather)
			answers := talk(t, dial())
			if len(seen) != c.seen || len(answers) != c.answers {
				t.Errorf("the broker sees %d requests, the client %d answers; want %d and %d", len(seen), len(answers), c.seen, c.answers)
			}
			if lost := p.Lost.Load(); lost != int64(2-c.answers) {
				t.Errorf("%d frames are counted as lost", lost)
			}
		})
	}
}

func TestProxyDelays(t *testing.T) {
	p, dial, _ := through(t)
	p.Set(Weather{Delay: 30 * time.Millisecond})
	began := time.Now()
	talk(t, dial())
	if took := time.Since(began); took < 60*time.Millisecond {
		t.Errorf("there and back took %v, want 60 ms or more", took)
	}
}

// While the network is down, open connections end and new ones too.
func TestProxyCuts(t *testing.T) {
	p, dial, _ := through(t)
	open := dial()
	talk(t, open)
	p.Set(Weather{Down: true})
	for _, c := range []net.Conn{open, dial()} {
		if _, err := readFrame(c); err == nil {
			t.Error("a connection lives on")
		}
	}
	p.Set(Weather{})
	talk(t, dial())
}

// What isn't Kafka's protocol ends the connection.
func TestProxyRefusesGarbage(t *testing.T) {
	_, dial, _ := through(t)
	c := dial()
	if _, err := c.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := readFrame(c); err == nil {
		t.Error("it was answered")
	}
}

func FuzzFrame(f *testing.F) {
	f.Add(ask(offsetCommit, 7))
	f.Add(answer(7))
	f.Add([]byte{0, 0, 0, 4, 1, 2, 3, 4})
	f.Add([]byte{255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		from := bytes.NewReader(data)
		for {
			before := len(data) - from.Len()
			frame, err := readFrame(from)
			if err != nil {
				if !errors.Is(err, errFrame) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(frame, data[before:before+len(frame)]) {
				t.Fatal("a frame isn't what was read")
			}
			_, _, requestErr := request(frame)
			_, answerErr := answered(frame)
			if (requestErr == nil) != (len(frame) >= 12) || answerErr != nil {
				t.Fatalf("of a frame of %d bytes: %v, %v", len(frame), requestErr, answerErr)
			}
		}
	})
}

package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/producer"
)

// sink takes messages and answers at once, or never.
type sink struct {
	routed []producer.Message
	sent   []kafkaio.Record
	silent bool
}

func (s *sink) Route(m producer.Message) (producer.Routed, error) {
	if strings.HasPrefix(string(m.Value), "refuse") {
		return producer.Routed{}, producer.ErrRefused
	}
	own := m
	own.Value = slices.Clone(m.Value)
	s.routed = append(s.routed, own)
	return producer.Routed{Record: kafkaio.Record{Topic: m.Topic, Value: m.Value}}, nil
}

func (s *sink) SendRouted(_ context.Context, m producer.Routed, done func(producer.Delivery)) error {
	m.Record.Value = slices.Clone(m.Record.Value)
	s.sent = append(s.sent, m.Record)
	value := string(m.Record.Value)
	switch {
	case s.silent:
	case strings.HasPrefix(value, "fail"):
		done(producer.Delivery{Topic: m.Record.Topic, Err: errors.New("no such luck")})
	default:
		done(producer.Delivery{Topic: m.Record.Topic + "_7", Resolution: priority.Resolution{Level: 7, Clamped: value == "clamp"}})
	}
	return nil
}

func (s *sink) Flush(ctx context.Context) error {
	if !s.silent {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func run(t *testing.T, text string, o Options) (*sink, *Account) {
	t.Helper()
	s := &sink{}
	a, err := Run(t.Context(), s, Lines(iotest.HalfReader(strings.NewReader(text))), o)
	if err != nil {
		t.Fatal(err)
	}
	return s, a
}

func TestLines(t *testing.T) {
	s, a := run(t, "a\r\n\n b \nfail\nclamp\nrefuse\nlast", Options{Message: producer.Message{Topic: "t", Key: []byte("k"), Priority: new(3)}})
	var values []string
	for _, m := range s.routed {
		values = append(values, string(m.Value))
		if m.Topic != "t" || string(m.Key) != "k" || *m.Priority != 3 {
			t.Errorf("sent %+v", m)
		}
	}
	if got := fmt.Sprintf("%q", values); got != `["a" " b " "fail" "clamp" "last"]` {
		t.Errorf("sent %s", got)
	}
	want := `in:4: no such luck
in:6: refused
4 messages delivered in 0.0 s
  t_7: 4
1 blank lines were passed over
1 had a priority outside 0 … max_priority: it counts as the nearest level
`
	if got := a.Summary("in"); got != want || a.Failed() != 2 || a.Delivered() != 4 {
		t.Errorf("failed %d, delivered %d\n%s\nwant\n%s", a.Failed(), a.Delivered(), got, want)
	}
}

func TestJSONLines(t *testing.T) {
	all := Options{JSON: true, Message: producer.Message{Key: []byte("k"), Headers: []boostd.Header{{Key: "a", Value: []byte("1")}}}}
	s, a := run(t, `{"topic": "x", "value": {"a": 1}, "headers": [{"key": "b"}]}`+"\n"+`{"topic": "y", "key": "own", "priority": 2, "value": "text"}`+"\n[]\n", all)
	want := `[{Topic:x Key:k Value:{"a": 1} Headers:[a b]} {Topic:y Key:own Value:text Headers:[a]}]`
	var got []string
	for _, m := range s.routed {
		var headers []string
		for _, h := range m.Headers {
			headers = append(headers, h.Key)
		}
		got = append(got, fmt.Sprintf("{Topic:%s Key:%s Value:%s Headers:%v}", m.Topic, m.Key, m.Value, headers))
	}
	if fmt.Sprint(got) != want || *s.routed[1].Priority != 2 {
		t.Errorf("got  %v\nwant %s", got, want)
	}
	if !strings.HasPrefix(a.Summary("in"), "in:3: message: want an object") {
		t.Errorf("%s", a.Summary("in"))
	}
	all.Message.Topic = "z"
	if s, _ = run(t, `{"topic": "x"}`, all); s.sent[0].Topic != "z" {
		t.Errorf("the topic that was named doesn't count: %+v", s.sent[0])
	}
}

func TestValues(t *testing.T) {
	s := &sink{}
	if _, err := Run(t.Context(), s, Values([]string{"a\nb", ""}), Options{}); err != nil || len(s.sent) != 2 || string(s.sent[0].Value) != "a\nb" {
		t.Errorf("%v: %+v", err, s.sent)
	}
}

func TestLongLines(t *testing.T) {
	for _, size := range []int{9, 10, 11, 5000, 100_000} {
		text := "x\n" + strings.Repeat("y", size) + "\r\nz\n" + strings.Repeat("y", size)
		lines := make(chan *batch, 100)
		if err := read(t.Context(), strings.NewReader(text), 11, lines); err != nil {
			t.Fatal(err)
		}
		close(lines)
		var got []string
		for batch := range lines {
			for _, l := range batch.lines {
				got = append(got, fmt.Sprintf("%d %s %v", l.number, l.text, l.err))
			}
		}
		y := strings.Repeat("y", size)
		want := []string{"1 x <nil>", "2 " + y + " <nil>", "3 z <nil>", "4 " + y + " <nil>"}
		if size > 10 { // with its \r
			want[1] = "2  longer than 11 bytes"
		}
		if size > 11 {
			want[3] = "4  longer than 11 bytes"
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d:\n got %.100q\nwant %.100q", size, got, want)
		}
	}
}

// What comes slowly is sent at once, and a person's Ctrl-C is heard meanwhile.
func TestSlowInput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, out := io.Pipe()
		stop := make(chan struct{})
		s, done := &sink{}, make(chan error)
		go func() {
			_, err := Run(t.Context(), s, Lines(in), Options{Flush: time.Second, Stop: stop})
			done <- err
		}()
		for n := range 3 {
			fmt.Fprintln(out, n)
			synctest.Wait()
			if len(s.sent) != n+1 {
				t.Errorf("%d of %d are sent", len(s.sent), n+1)
			}
		}
		close(stop)
		if err := <-done; !errors.Is(err, ErrStopped) {
			t.Errorf("got %v", err)
		}
		_ = out.Close() // lets the reader go
	})
}

func TestNoAnswer(t *testing.T) {
	s := &sink{silent: true}
	a, err := Run(t.Context(), s, Values([]string{"a", "b"}), Options{Flush: time.Millisecond})
	if !errors.Is(err, context.DeadlineExceeded) || a.Failed() != 2 || !strings.Contains(a.Summary("in"), "2 messages without an answer") {
		t.Errorf("%v: %s", err, a.Summary("in"))
	}
}

// Nobody waits for brokers that can't be reached.
func TestGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	broken := errors.New("no broker")
	cancel(broken)
	if _, err := Run(ctx, &sink{silent: true}, Values([]string{"a"}), Options{Flush: time.Hour}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestBrokenInput(t *testing.T) {
	s := &sink{}
	broken := errors.New("broken")
	_, err := Run(t.Context(), s, Lines(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken))), Options{})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "read line 2") || len(s.sent) != 1 {
		t.Errorf("%v, %d sent", err, len(s.sent))
	}
}

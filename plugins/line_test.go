package plugins

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func TestRequestLine(t *testing.T) {
	for _, c := range []struct {
		name    string
		message boostd.Message
		want    string
	}{
		{"everything", boostd.Message{
			Topic: "orders_7", Partition: 3, Offset: 1042, Level: 7, Attempt: 2,
			Key: []byte("k"), Value: []byte(`{"a":"b\c"}` + "\n"),
			ProducedAt: time.Date(2026, 1, 2, 4, 4, 5, 678e6, time.FixedZone("", 3600)),
			Headers:    []boostd.Header{{Key: "h", Value: []byte("v")}, {Key: "n"}, {Key: "b", Value: []byte{0xff}}},
		}, `{"id":9,"topic":"orders_7","partition":3,"offset":1042,"level":7,"attempt":2,"key":"k",` +
			`"value":"{\"a\":\"b\\c\"}\u000a","headers":[{"key":"h","value":"v"},{"key":"n","value":null},` +
			`{"key":"b","value_b64":"/w=="}],"timestamp":"2026-01-02T03:04:05.678Z"}`},
		{"tombstone", boostd.Message{Key: []byte{}},
			`{"id":9,"topic":"","partition":0,"offset":0,"level":0,"attempt":0,"key":"","value":null,"headers":[],"timestamp":null}`},
		{"binary", boostd.Message{Key: []byte{0, 0xff}, Value: []byte("\xc3")},
			`{"id":9,"topic":"","partition":0,"offset":0,"level":0,"attempt":0,"key_b64":"AP8=","value_b64":"ww==","headers":[],"timestamp":null}`},
		{"separators", boostd.Message{Value: []byte("\u2028<\u00fc>\u2029\u0085\x7f\x00")},
			`{"id":9,"topic":"","partition":0,"offset":0,"level":0,"attempt":0,"key":null,"value":"\u2028<ü>\u2029\u0085\u007f\u0000","headers":[],"timestamp":null}`},
	} {
		if got := string(appendRequest(nil, 9, &c.message)); got != c.want+"\n" {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// Whatever is in a message: its line is one line for every reader, is JSON, and
// says what was meant.
func FuzzRequestLine(f *testing.F) {
	f.Add([]byte("k"), []byte("v"), "h", []byte("x"))
	f.Add([]byte{0xff}, []byte("\u2028\n\"\\"), "\xff", []byte{})
	f.Fuzz(func(t *testing.T, key, value []byte, name string, hv []byte) {
		m := boostd.Message{Topic: "t", Key: key, Value: value, Headers: []boostd.Header{{Key: name, Value: hv}}}
		line := appendRequest(nil, 1, &m)
		if n := strings.IndexFunc(string(line), func(r rune) bool {
			return r < ' ' || r == 0x85 || r == 0x2028 || r == 0x2029
		}); n != len(line)-1 {
			t.Fatalf("a line ends at %d of %d", n, len(line))
		}
		type text struct {
			Key     *string
			KeyB64  *string `json:"key_b64"`
			Value   *string
			B64     *string `json:"value_b64"`
			Headers []text
		}
		var got text
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		same := func(what string, plain, b64 *string, want []byte) {
			var have []byte
			switch {
			case plain != nil:
				have = []byte(*plain)
			case b64 != nil:
				have, _ = base64.StdEncoding.DecodeString(*b64)
			case want != nil:
				t.Errorf("%s %q became null", what, want)
			}
			if !bytes.Equal(have, want) || plain != nil && b64 != nil {
				t.Errorf("%s %q became %q", what, want, have)
			}
		}
		same("key", got.Key, got.KeyB64, key)
		same("value", got.Value, got.B64, value)
		same("header name", got.Headers[0].Key, got.Headers[0].KeyB64, []byte(name))
		same("header value", got.Headers[0].Value, got.Headers[0].B64, hv)
	})
}

func TestParseAnswer(t *testing.T) {
	for _, c := range []struct {
		line string
		want boostd.Result
		err  error
	}{
		{`{"id":7,"result":"done"}`, boostd.Result{Outcome: boostd.Done}, nil},
		{` {"result":"done","id":7,"error":"ignored","more":[1]} ` + "\r", boostd.Result{Outcome: boostd.Done}, nil},
		{`{"id":7,"result":"retry"}`, boostd.Result{Outcome: boostd.Retry, Reason: "program said retry"}, nil},
		{`{"id":7,"result":"retry","error":"no\nstock","after_ms":1500}`, boostd.Result{Outcome: boostd.Retry, After: 1500 * time.Millisecond, Reason: "no stock"}, nil},
		{`{"id":7,"result":"retry","after_ms":9223372036854775807}`, boostd.Result{Outcome: boostd.Retry, After: time.Hour, Reason: "program said retry"}, nil},
		{`{"id":7,"result":"dead","error":"` + strings.Repeat("e", 300) + `"}`, boostd.Result{Outcome: boostd.Dead, Reason: strings.Repeat("e", 200) + "…"}, nil},
		{`{"id":7,"result":"dead","after_ms":5}`, boostd.Result{Outcome: boostd.Dead, Reason: "program said dead"}, nil},
		{`{"id":8,"result":"done"}`, boostd.Result{}, errWrongID},
		{`{"result":"done"}`, boostd.Result{}, errWrongID},
		{`{}`, boostd.Result{}, errWrongID},
		{`null`, boostd.Result{}, errWrongID},
		{`{"id":"7","result":"done"}`, boostd.Result{}, errGarbage},
		{`{"id":7.5,"result":"done"}`, boostd.Result{}, errGarbage},
		{`{"id":-7,"result":"done"}`, boostd.Result{}, errGarbage},
		{`{"id":7,"result":"done"`, boostd.Result{}, errGarbage},
		{`{"id":7,"result":"done"} {}`, boostd.Result{}, errGarbage},
		{`{"id":7,"result":5}`, boostd.Result{}, errGarbage},
		{`[]`, boostd.Result{}, errGarbage},
		{``, boostd.Result{}, errGarbage},
		{`done`, boostd.Result{}, errGarbage},
		{`{"id":7}`, boostd.Result{}, errResult},
		{`{"id":7,"result":"held"}`, boostd.Result{}, errResult},
		{`{"id":7,"result":"Done"}`, boostd.Result{}, errResult},
		{`{"id":7,"result":"retry","after_ms":-1}`, boostd.Result{}, errAfter},
		{`{"id":7,"result":"retry","after_ms":1e300}`, boostd.Result{}, errGarbage},
	} {
		got, err := parseAnswer([]byte(c.line), 7)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%.80s\n got %+v, %v\nwant %+v, %v", c.line, got, err, c.want, c.err)
		}
	}
}

// No line makes the parser accept what isn't an answer to this message.
func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte(`{"id":7,"result":"retry","error":"e","after_ms":5}`))
	f.Add([]byte(`{"id":7,"result":"done"}`))
	f.Add([]byte(`{"id":null,"result":"dead","error":"\u001b"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseAnswer(line, 7)
		if err != nil {
			if r != (boostd.Result{}) {
				t.Errorf("result %+v beside an error", r)
			}
			return
		}
		switch {
		case !bytes.Contains(line, []byte("7")):
			t.Error("accepted without the id")
		case r.Outcome == boostd.Done && r != done():
			t.Errorf("done with more: %+v", r)
		case r.Outcome == boostd.Dead && r.After != 0, r.After < 0, r.After > time.Hour:
			t.Errorf("after %v", r.After)
		case r.Outcome != boostd.Done && (r.Reason == "" || len(r.Reason) > 4*maxText):
			t.Errorf("reason %q", r.Reason)
		case strings.ContainsFunc(r.Reason, func(c rune) bool { return c < ' ' || c == 0x7f }):
			t.Errorf("reason %q isn't printable", r.Reason)
		}
	})
}

func TestReadLine(t *testing.T) {
	full := strings.Repeat("x", maxAnswerLine)
	r := bufio.NewReader(strings.NewReader("one\n\n" + full + "\n" + full + "y\n"))
	for _, want := range []string{"one", "", full} {
		if got, err := readLine(r); string(got) != want || err != nil {
			t.Fatalf("%d bytes, %v, want %d", len(got), err, len(want))
		}
	}
	if _, err := readLine(r); !errors.Is(err, errLongLine) {
		t.Errorf("error %v, want a line too long", err)
	}
	endless := bufio.NewReader(&repeating{})
	if _, err := readLine(endless); !errors.Is(err, errLongLine) {
		t.Errorf("error %v, want a line too long", err)
	}
	if _, err := readLine(bufio.NewReader(strings.NewReader(`{"id":1}`))); !errors.Is(err, io.EOF) {
		t.Errorf("error %v, want the end: a line without its end isn't one", err)
	}
}

type repeating struct{}

func (repeating) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

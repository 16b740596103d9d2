package plugins

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/kafkaboost/boostd"
)

func TestMessageHeaders(t *testing.T) {
	h := requestHeader(&boostd.Message{Headers: []boostd.Header{
		{Key: "traceparent", Value: []byte("00-ab")},
		{Key: "multi", Value: []byte("one")},
		{Key: "Multi", Value: []byte("two")},
		{Key: "empty", Value: []byte{}},
		{Key: "null"},
		{Key: "b64", Value: []byte("x")},
		{Key: "", Value: []byte("x")},
		{Key: "a b", Value: []byte("x")},
		{Key: "line", Value: []byte("x\r\nEvil: 1")},
		{Key: "space", Value: []byte(" x")},
		{Key: "umlaut", Value: []byte("ü")},
	}})
	for name, want := range map[string]string{
		"Boostd-Header-Traceparent": "00-ab",
		"Boostd-Header-Multi":       "one|two",
		"Boostd-Header-Empty":       "",
		"Boostd-Header-B64":         "bnVsbA==|YjY0.eA==|.eA==|YSBi.eA==|bGluZQ==.eA0KRXZpbDogMQ==|c3BhY2U=.IHg=|dW1sYXV0.w7w=",
	} {
		if got := strings.Join(h[name], "|"); got != want || len(h[name]) == 0 {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestContentType(t *testing.T) {
	for value, json := range map[string]bool{
		`{}`: true, ` [1,{"a":null}] `: true, "\n{\"a\":1}\n": true,
		``: false, `5`: false, `"text"`: false, `{"a":1`: false, `{} {}`: false, `[1,]`: false, `text`: false,
	} {
		if got := contentType([]byte(value)) == "application/json"; got != json {
			t.Errorf("%q is JSON: %v, want %v", value, got, json)
		}
	}
}

// Whatever is in a key or a header: the request can be written, is read as it
// was meant, and nothing becomes a header that none of ours is.
func FuzzRequestHeader(f *testing.F) {
	f.Add([]byte("key"), "name", []byte("value"))
	f.Add([]byte{0xff, 0}, "b64", []byte("\r\nEvil: 1"))
	f.Add([]byte(" "), "a:b", []byte("ü"))
	f.Add([]byte{}, "", []byte{})
	f.Fuzz(func(t *testing.T, key []byte, name string, value []byte) {
		h := requestHeader(&boostd.Message{Topic: "t", Key: key, Value: []byte{}, Headers: []boostd.Header{{Key: name, Value: value}}})
		var wire bytes.Buffer
		if err := h.Write(&wire); err != nil {
			t.Fatal(err)
		}
		request := "POST / HTTP/1.1\r\nHost: h\r\n" + wire.String() + "\r\n"
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
		if err != nil {
			t.Fatalf("unreadable: %v", err)
		}
		if got := decode(r.Header, "Boostd-Key", "Boostd-Key-B64"); !bytes.Equal(got, key) {
			t.Errorf("key %q became %q", key, got)
		}
		checkMessageHeader(t, r.Header, name, value)
		for got := range r.Header {
			if !strings.HasPrefix(got, "Boostd-") && got != "User-Agent" && got != "Content-Type" {
				t.Errorf("foreign header %q", got)
			}
		}
	})
}

func checkMessageHeader(t *testing.T, h http.Header, name string, value []byte) {
	t.Helper()
	if lines := h["Boostd-Header-B64"]; len(lines) == 1 {
		encodedName, encodedValue, hasValue := strings.Cut(lines[0], ".")
		gotName, _ := base64.StdEncoding.DecodeString(encodedName)
		gotValue, _ := base64.StdEncoding.DecodeString(encodedValue)
		if string(gotName) != name || !bytes.Equal(gotValue, value) || hasValue != (value != nil) {
			t.Errorf("header %q: %q became %q", name, value, lines)
		}
		return
	}
	if got := h.Values("Boostd-Header-" + name); len(got) != 1 || got[0] != string(value) {
		t.Errorf("header %q: %q became %q", name, value, got)
	}
}

func decode(h http.Header, plain, b64 string) []byte {
	if values := h[plain]; len(values) == 1 {
		return []byte(values[0])
	}
	decoded, _ := base64.StdEncoding.DecodeString(h.Get(b64))
	return decoded
}

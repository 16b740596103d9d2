package plugins

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"github.com/kafkaboost/boostd"
)

// contract is docs/handler-http.openapi.yaml, as a validator reads it.
func contract(t testing.TB) validator.Validator {
	t.Helper()
	text, err := os.ReadFile("../docs/handler-http.openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if ok, errs := v.ValidateDocument(); !ok {
		for _, e := range errs {
			t.Errorf("%s: %s", e.Message, e.Reason)
		}
	}
	return v
}

// witness is a service that keeps what it is asked and what it answers, and has both
// validated.
type witness struct {
	t        testing.TB
	contract validator.Validator
	mu       sync.Mutex
	asked    []string
	wrong    []string // what the description doesn't have
}

func (w *witness) serve(answer func(r *http.Request) (status int, body string)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.t.Error(err)
		}
		w.asked = append(w.asked, r.URL.Path+" "+r.Header.Get("Content-Type"))
		again := func() *http.Request {
			c := r.Clone(r.Context())
			c.Body = io.NopCloser(bytes.NewReader(body))
			return c
		}
		_, errs := w.contract.ValidateHttpRequest(again())
		for _, e := range errs {
			w.wrong = append(w.wrong, fmt.Sprintf("%s: %s %v", e.Message, e.Reason, e.SchemaValidationErrors))
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		status, text := answer(r)
		resp := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(text))}
		_, errs = w.contract.ValidateHttpResponse(again(), resp)
		for _, e := range errs {
			w.wrong = append(w.wrong, fmt.Sprintf("answer: %s: %s %v", e.Message, e.Reason, e.SchemaValidationErrors))
		}
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(status)
		io.WriteString(rw, text)
	}
}

// eachWay is messages of all kinds that there are.
func eachWay() []boostd.Message {
	when := time.Date(2026, 1, 2, 3, 4, 5, 678000000, time.UTC)
	odd := []boostd.Header{{Key: "trace", Value: []byte("t-1")}, {Key: "null"}, {Key: "sp ace", Value: []byte("x")}, {Key: "bin", Value: []byte{0, 0xff}}, {Key: "\xff", Value: []byte{}}}
	return []boostd.Message{
		{Topic: "orders_7", Partition: 3, Offset: 1042, Level: 7, Attempt: 1, Key: []byte("k 1"), Value: []byte(`{"a":1}`), ProducedAt: when},
		{Topic: "orders", Attempt: 2, Key: []byte{0, 0xff}, Value: []byte{0xfe, 0}, Headers: odd},
		{Topic: "orders", Attempt: 1, Key: []byte{}, Value: []byte{}},
		{Topic: "orders", Attempt: 1, Value: []byte("text"), Headers: odd[:1]},
		{Topic: "orders", Attempt: 1, Key: []byte("gone")},
		{Topic: "orders", Attempt: 1, Value: []byte(`[1, "\u2028"]`), ProducedAt: when.In(time.FixedZone("", 3600))},
	}
}

// What the handler sends is what the description says, and what a service may answer
// by it is understood.
func TestRequestsAreAsDescribed(t *testing.T) {
	w := &witness{t: t, contract: contract(t)}
	url := serve(t, w.serve(func(r *http.Request) (int, string) {
		if r.URL.Path == "/message" {
			return http.StatusOK, `{}`
		}
		var answers []string
		for i := range readBatch(t, r) {
			answers = append(answers, fmt.Sprintf(`{"id":%d,`, i+1)+[]string{`"result":"done"}`, `"result":"retry","error":"no stock","after_ms":2000}`, `"result":"dead"}`}[i%3])
		}
		return http.StatusAccepted, "[" + strings.Join(answers, ",") + "]"
	}))
	all := eachWay()
	single := newHandler(t, Config{HTTP: url + "/message"}, nil)
	for _, m := range all {
		if r := attempt(t, t.Context(), single, m); r != done() {
			t.Errorf("result %+v", r)
		}
	}
	p := newPile(len(all), func(i int) boostd.Message { return all[i] })
	batchHandler(t, url+"/batch", 4).Handle(t.Context(), p)
	want := []boostd.Result{done(), {Outcome: boostd.Retry, After: 2 * time.Second, Reason: "no stock"}, dead("service said dead")}
	for i := range all {
		if r := p.result(i); r != want[i%4%3] {
			t.Errorf("message %d: result %+v", i, r)
		}
	}
	if len(w.asked) != len(all)+2 || len(w.wrong) > 0 {
		t.Errorf("%d requests: %q\nwrong: %s", len(w.asked), w.asked, strings.Join(w.wrong, "\n"))
	}
}

// The validator would see what isn't as described.
func TestDescriptionRefuses(t *testing.T) {
	w := &witness{t: t, contract: contract(t)}
	for name, change := range map[string]func(r *http.Request){
		"no topic":           func(r *http.Request) { r.Header.Del("Boostd-Topic") },
		"attempt 0":          func(r *http.Request) { r.Header.Set("Boostd-Attempt", "0") },
		"a tombstone's sign": func(r *http.Request) { r.Header.Set("Boostd-Tombstone", "yes") },
	} {
		m := eachWay()[0]
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:9000/message", bytes.NewReader(m.Value))
		r.Header = requestHeader(&m)
		if ok, errs := w.contract.ValidateHttpRequest(r); !ok {
			t.Fatalf("%s: refused as it is: %v", name, errs)
		}
		r.Body = io.NopCloser(bytes.NewReader(m.Value))
		if change(r); valid(w.contract.ValidateHttpRequest(r)) {
			t.Errorf("%s is not refused", name)
		}
	}
	message := string(appendRequest(nil, 1, &eachWay()[0]))
	for name, body := range map[string]string{
		"no array": message, "an empty array": "[]", "a member too many": "[" + strings.Replace(message, `"id"`, `"x":1,"id"`, 1) + "]",
		"no key": "[" + strings.Replace(message, `"key"`, `"kay"`, 1) + "]", "two values": "[" + strings.Replace(message, `"value"`, `"value_b64":"","value"`, 1) + "]",
		"id 0": "[" + strings.Replace(message, `"id":1`, `"id":0`, 1) + "]",
	} {
		ask := func(body string) *http.Request {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:9000/batch", strings.NewReader(body))
			r.Header = http.Header{"Content-Type": {"application/json"}, "Boostd-Batch": {"1"}}
			return r
		}
		if ok, errs := w.contract.ValidateHttpRequest(ask("[" + message + "]")); !ok {
			t.Fatalf("%s: refused as it is: %v", name, errs)
		}
		if valid(w.contract.ValidateHttpRequest(ask(body))) {
			t.Errorf("%s is not refused", name)
		}
	}
}

func valid[E any](ok bool, _ E) bool { return ok }

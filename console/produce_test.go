package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/kafkaboost/boostd/record"
)

// press is a producer that fails with the cause that a value names.
type press struct {
	mu   sync.Mutex
	sent []string
	came chan struct{} // nil: nobody counts
	hold chan struct{} // nil: it answers at once
}

var pressCauses = map[string]Cause{
	"refused by the brokers": Other, "no topic": NoTopic, "too large": TooLarge, "full": QueueFull,
	"denied": Denied, "strict": Refused, "late": Unanswered,
}

func (p *press) Produce(ctx context.Context, messages []record.Record) (all []Produced) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n, m := range messages {
		p.sent = append(p.sent, fmt.Sprintf("%s %s=%s", m.Topic, m.Key, m.Value))
		out := Produced{Topic: m.Topic + "_7", Partition: 1, Offset: int64(n), Level: 7}
		if cause, ok := pressCauses[string(m.Value)]; ok {
			out = Produced{Topic: m.Topic, Err: errors.New(string(m.Value)), Cause: cause}
		}
		all = append(all, out)
	}
	if p.hold != nil {
		p.mu.Unlock()
		p.came <- struct{}{}
		<-p.hold
		p.mu.Lock()
	}
	return all
}

func (p *press) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := strings.Join(p.sent, "; ")
	p.sent = nil
	return all
}

func TestProduceRoute(t *testing.T) {
	p := &press{}
	_, socket := start(t, &puppet{}, func(o *Options) { o.Producer = p })
	client := over(t, socket)
	const one, many = "application/json", "application/x-ndjson"
	written := `{"topic":"orders_7","partition":1,"offset":0,"priority":7}`
	for _, c := range []struct {
		name, topic, kind, body string
		code                    int
		text, sent              string
	}{
		{"one", "orders", one, `{"key":"k","value":{"a":1}}`, 200, `{"results":[` + written + `]}`, `orders k={"a":1}`},
		{"one, with its charset", "orders", one + "; charset=utf-8", `{"value":"v"}`, 200, written, "orders =v"},
		{"one over several lines", "orders", one, "{\n \"value\":\n \"v\"\n}\n", 200, written, "orders =v"},
		{"several", "orders", many, `{"value":"a"}` + "\r\n\n" + `{"value":"b"}`, 200, `"offset":1,"priority":7}]}`, "orders =a; orders =b"},
		{"its own topic", "orders", one, `{"topic":"orders","value":"v"}`, 200, written, "orders =v"},
		{"another topic", "orders", one, `{"topic":"payments","value":"v"}`, 400, `topic: is \"payments\", and the path says orders`, ""},
		{"no type", "orders", "", `{}`, 415, "want Content-Type application/json", ""},
		{"what a page may send without asking", "orders", "text/plain", `{}`, 415, "want Content-Type", ""},
		{"a form", "orders", "application/x-www-form-urlencoded", `{}`, 415, "want Content-Type", ""},
		{"no JSON", "orders", one, `{"value":`, 400, "not JSON", ""},
		{"two where one is meant", "orders", one, `{"value":"a"} {"value":"b"}`, 400, "not JSON", ""},
		{"nothing", "orders", many, " \n", 400, "there is no message", ""},
		{"a bad line", "orders", many, `{"value":"a"}` + "\n" + `{"valve":"b"}` + "\n", 400, `line 2: unknown key \"valve\"`, ""},
		{"no name of a topic", "a%20b", one, `{}`, 400, `"error"`, ""},
		{"too much", "orders", one, `{"value":"` + strings.Repeat("x", maxProduceBody) + `"}`, 413, "larger than 4194304 bytes", ""},
		{"too many", "orders", many, strings.Repeat("{}\n", maxProduceMessages+1), 413, "more than 10000 messages", ""},
		{"the brokers refuse it", "orders", one, `{"value":"refused by the brokers"}`, 502, `"partition":null,"offset":null,"priority":null,"error":"refused by`, "orders =refused by the brokers"},
		{"no topic", "orders", one, `{"value":"no topic"}`, 404, `{"error":"no topic","results":[{"topic":"orders"`, "orders =no topic"},
		{"too large for the brokers", "orders", one, `{"value":"too large"}`, 413, "too large", "orders =too large"},
		{"full", "orders", one, `{"value":"full"}`, 429, "full", "orders =full"},
		{"denied", "orders", one, `{"value":"denied"}`, 403, "denied", "orders =denied"},
		{"strict", "orders", one, `{"value":"strict"}`, 422, "strict", "orders =strict"},
		{"no answer in time", "orders", one, `{"value":"late"}`, 503, "late", "orders =late"},
		{"one of two", "orders", many, `{"value":"a"}` + "\n" + `{"value":"denied"}`, 207, "1 of 2 messages were not written", "orders =a; orders =denied"},
		{"both", "orders", many, `{"value":"late"}` + "\n" + `{"value":"denied"}`, 503, `"error":"late"`, "orders =late; orders =denied"},
	} {
		code, text := send(t, client, "POST", "http://boostd/v1/produce/"+c.topic, c.body, "Content-Type", c.kind)
		if sent := p.said(); code != c.code || !strings.Contains(text, c.text) || sent != c.sent {
			t.Errorf("%s: %d %.300s\nsent %.100q", c.name, code, text, sent)
		}
	}
}

// TestProduceOnPort: only where it is wanted, and never for another page.
func TestProduceOnPort(t *testing.T) {
	p := &press{}
	for _, on := range []bool{false, true} {
		s, _ := start(t, &puppet{}, func(o *Options) { o.Producer, o.ProduceOnPort, o.Token = p, on, "s3cret" })
		for _, c := range []struct {
			header []string
			code   int
		}{
			{nil, 401},
			{[]string{"Authorization", "Bearer s3cret"}, map[bool]int{false: 403, true: 200}[on]},
			{[]string{"Authorization", "Bearer s3cret", "Origin", "https://evil.example"}, 403},
			{[]string{"Host", "evil.example"}, 403},
		} {
			code, text := send(t, http.DefaultClient, "POST", "http://"+s.Addr().String()+"/v1/produce/orders", "{}",
				append(c.header, "Content-Type", "application/json")...)
			if code != c.code {
				t.Errorf("on %v, %v: %d %s, want %d", on, c.header, code, text, c.code)
			}
			if sent := p.said(); (sent != "") != (code == 200) {
				t.Errorf("on %v, %v: %d, sent %q", on, c.header, code, sent)
			}
		}
	}
}

func TestNoProducer(t *testing.T) {
	_, socket := start(t, &puppet{})
	if code, text := send(t, over(t, socket), "POST", "http://boostd/v1/produce/orders", "{}", "Content-Type", "application/json"); code != 404 {
		t.Errorf("%d %s", code, text)
	}
}

// TestProducingIsBounded: the next request hears at once that there are enough.
func TestProducingIsBounded(t *testing.T) {
	p := &press{came: make(chan struct{}), hold: make(chan struct{})}
	_, socket := start(t, &puppet{}, func(o *Options) { o.Producer = p })
	client := over(t, socket)
	var held sync.WaitGroup
	for range maxProducing {
		held.Go(func() {
			if code, text := send(t, client, "POST", "http://boostd/v1/produce/t", "{}", "Content-Type", "application/json"); code != 200 {
				t.Errorf("%d %s", code, text)
			}
		})
	}
	for range maxProducing {
		<-p.came
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://boostd/v1/produce/t", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") != "1" {
		t.Errorf("%d, Retry-After %q; want 429 and 1", response.StatusCode, response.Header.Get("Retry-After"))
	}
	close(p.hold)
	held.Wait()
}

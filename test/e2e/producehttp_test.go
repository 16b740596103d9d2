package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/kafkaio/embedded"
	"github.com/kafkaboost/boostd/test/rig"
)

// produced is the answer to a request to produce.
type produced struct {
	code    int
	header  http.Header
	took    time.Duration
	Error   string
	Results []struct {
		Topic     string
		Partition *int32
		Offset    *int64
		Priority  *int
		Error     string
	}
}

// postTo returns a function that produces over a client.
func postTo(t *testing.T, client *http.Client, url string) func(topic, kind, body string) produced {
	return func(topic, kind, body string) produced {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/produce/"+topic, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/"+kind)
		began := time.Now()
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		p := produced{code: response.StatusCode, header: response.Header, took: time.Since(began)}
		if err := json.Unmarshal(text, &p); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return p
	}
}

// onSocket is a client of a control socket.
func onSocket(t *testing.T, path string) *http.Client {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// What is produced over HTTP is acknowledged, is handled at its level, and what
// can't be written is told with its reason.
func TestProduceOverHTTP(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		svc := serve(t, nil)
		s := rig.New(t, c, rig.Options{Min: 8, Handler: `http: "` + svc.URL + `"`,
			Extra: "console: {listen: \"127.0.0.1:0\", produce: true}\nproducer: {embed_priority: true, strict: true}"})
		p := s.Spawn(t)
		rig.Eventually(t, "it runs", func() bool { return p.Says(`"running"`) })
		url, _ := p.Console()
		for name, post := range map[string]func(topic, kind, body string) produced{
			"port": postTo(t, http.DefaultClient, url), "socket": postTo(t, onSocket(t, s.Control), "http://boostd"),
		} {
			t.Logf("%s over the %s", c.Name, name)
			one := post(s.Base, "json", `{"value": {"id": 1}, "priority": 9}`)
			if one.code != 200 || len(one.Results) != 1 || one.Results[0].Topic != s.Topic(9) || *one.Results[0].Priority != 9 || one.Results[0].Offset == nil {
				t.Errorf("one: %+v", one)
			}
			several := post(s.Base, "x-ndjson", `{"value": "a"}`+"\n"+`{"value": "b", "priority": 10}`+"\n")
			if several.code != 200 || len(several.Results) != 2 || several.Results[0].Topic != s.Base || several.Results[1].Topic != s.Topic(10) {
				t.Errorf("several: %+v", several)
			}
			missing := post("missing-"+s.Base+name, "json", "{}")
			if missing.code != 404 || missing.took > 5*time.Second || !strings.Contains(missing.Error, "missing-"+s.Base) {
				t.Errorf("a missing topic: %+v", missing)
			}
			again := post("missing-"+s.Base+name, "json", "{}")
			if again.code != 404 || again.took > 5*time.Second {
				t.Errorf("the missing topic again: %+v", again)
			}
			large := post(s.Base, "json", `{"value": "`+strings.Repeat("x", 1_100_000)+`"}`)
			if large.code != 413 || !strings.Contains(large.Error, "too large") {
				t.Errorf("too large: %+v", large)
			}
			if strict := post(s.Base, "json", `{"priority": 11}`); strict.code != 422 {
				t.Errorf("a priority that is no level: %+v", strict)
			}
		}
		rig.Eventually(t, "all are handled", func() bool { return svc.count() == 6 })
		for _, r := range svc.requests() {
			if body := string(r.body); r.Get("Boostd-Level") == "9" && body != `{"id": 1, "priority": 9}` {
				t.Errorf("level 9 has %s", body)
			}
		}
		exits(t, p, p.Terminate(), 0)
	})
}

// A full queue is said at once, with the time to come again.
func TestProduceOverHTTPWhileTheQueueIsFull(t *testing.T) {
	t.Parallel()
	s := rig.New(t, clusters[0], rig.Options{Min: 10, Kafka: `  producer_properties: {queue.buffering.max.messages: "1", linger.ms: "500"}`})
	p := s.Spawn(t)
	rig.Eventually(t, "it runs", func() bool { return p.Says("running") })
	got := postTo(t, onSocket(t, s.Control), "http://boostd")(s.Base, "x-ndjson", strings.Repeat("{\"value\": \"v\"}\n", 50))
	written := 0
	for _, r := range got.Results {
		if r.Error == "" {
			written++
		} else if !strings.Contains(r.Error, "queue is full") {
			t.Errorf("a message failed: %s", r.Error)
		}
	}
	if got.code != http.StatusMultiStatus || got.header.Get("Retry-After") == "" || written == 0 || written == 50 {
		t.Errorf("%d, %d of 50 written, Retry-After %q", got.code, written, got.header.Get("Retry-After"))
	}
	exits(t, p, p.Terminate(), 0)
}

// Brokers that are gone are said before the asker gives up.
func TestProduceOverHTTPWithoutBrokers(t *testing.T) {
	t.Parallel()
	b, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ended := false
	t.Cleanup(func() {
		if !ended {
			b.Close()
		}
	})
	s := rig.Plan(t, []string{b.Addr()}, rig.Options{Min: 10})
	p := s.Spawn(t)
	rig.Eventually(t, "it runs", func() bool { return p.Says("running") })
	post := postTo(t, onSocket(t, s.Control), "http://boostd")
	if got := post(s.Base, "json", `{"value": "v"}`); got.code != 200 {
		t.Fatalf("with a broker: %+v", got)
	}
	b.Close()
	ended = true
	got := post(s.Base, "json", `{"value": "v"}`)
	if got.code != http.StatusServiceUnavailable || got.took > 15*time.Second || len(got.Results) != 1 {
		t.Errorf("without one: %+v", got)
	}
}

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// A service takes messages, and others say later what became of them: over the
// console's port, each once.
func TestLaterResults(t *testing.T) {
	const messages = 500
	tokens := make(chan string, messages*2)
	var taken atomic.Int64
	svc := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		taken.Add(1)
		tokens <- r.Header.Get("Boostd-Token")
		w.Header().Set("Boostd-Lease", "60")
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(svc.Close)
	listen := freeAddress(t)
	s := rig.New(t, clusters[0], rig.Options{Min: 10, Handler: `http: "` + svc.URL + `", http_options: {later: true}, retry: {backoff: 1ms}, slots: 64`,
		Extra: fmt.Sprintf("console: {listen: %q}", listen)})
	load := s.Load(t)
	load.Fill(0, messages, 100)
	_, stop := s.Start(t)
	address := "http://" + listen + "/v1/results"
	post := func(body string) int {
		resp, err := http.Post(address, "application/json", bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for n := range messages + messages/10 {
		result := "done"
		if n < messages && n%10 == 0 {
			result = "retry" // and is taken a second time
		}
		token := <-tokens
		if code := post(fmt.Sprintf(`{"token":%q,"result":%q}`, token, result)); code != http.StatusNoContent {
			t.Fatalf("result %d is answered with %d", n, code)
		}
		if code := post(fmt.Sprintf(`{"token":%q,"result":"dead"}`, token)); code != http.StatusNotFound {
			t.Fatalf("a second result is answered with %d", code)
		}
	}
	load.AwaitHandled()
	stop()
	clean(t, load)
	if taken.Load() != messages+messages/10 {
		t.Errorf("%d were taken, see %s", taken.Load(), filepath.Base(s.AuditPath()))
	}
}

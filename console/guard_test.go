package console

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestGuard(t *testing.T) {
	const token = "Bearer s3cret"
	for _, c := range []struct {
		name, listen, token string
		path                string
		header              map[string]string
		host                string
		code                int
	}{
		{"an address", "127.0.0.1:8484", "", "/v1/status", nil, "127.0.0.1:8484", 200},
		{"another address of ours", "0.0.0.0:8484", "", "/v1/status", nil, "192.0.2.7:8484", 200},
		{"IPv6", "[::1]:8484", "", "/v1/status", nil, "[::1]:8484", 200},
		{"IPv6 without a port", "[::1]:80", "", "/v1/status", nil, "[::1]", 200},
		{"localhost, forwarded from another port", "127.0.0.1:8484", "", "/v1/status", nil, "localhost:9999", 200},
		{"the host that we listen on", "boost.example:8484", "", "/v1/status", nil, "BOOST.example:8484", 200},
		{"a name that leads to loopback", "127.0.0.1:8484", "", "/v1/status", nil, "evil.example:8484", 403},
		{"the same, for health", "127.0.0.1:8484", "", "/healthz", nil, "evil.example:8484", 403},
		{"a name that begins like ours", "127.0.0.1:8484", "", "/v1/status", nil, "localhost.evil.example", 403},
		{"no host", "127.0.0.1:8484", "", "/v1/status", nil, "", 403},

		{"our own page", "127.0.0.1:8484", "", "/v1/status", map[string]string{"Origin": "http://127.0.0.1:8484"}, "127.0.0.1:8484", 200},
		{"a name that leads here, with the token", "0.0.0.0:8484", "s3cret", "/v1/status", map[string]string{"Authorization": "Bearer s3cret"}, "boostd.internal:8484", 200},
		{"another page", "127.0.0.1:8484", "", "/v1/status", map[string]string{"Origin": "https://evil.example"}, "127.0.0.1:8484", 403},
		{"another port's page", "127.0.0.1:8484", "", "/v1/status", map[string]string{"Origin": "http://127.0.0.1:3000"}, "127.0.0.1:8484", 403},
		{"a page of no origin", "127.0.0.1:8484", "", "/v1/status", map[string]string{"Origin": "null"}, "127.0.0.1:8484", 403},
		{"no origin that can be read", "127.0.0.1:8484", "", "/v1/status", map[string]string{"Origin": "http://a b\x7f"}, "127.0.0.1:8484", 403},
		{"an image in another page", "127.0.0.1:8484", "", "/metrics", map[string]string{"Sec-Fetch-Site": "cross-site"}, "127.0.0.1:8484", 403},
		{"a page that somebody opened", "127.0.0.1:8484", "", "/metrics", map[string]string{"Sec-Fetch-Site": "none"}, "127.0.0.1:8484", 200},

		{"the token", "0.0.0.0:1", "s3cret", "/v1/status", map[string]string{"Authorization": token}, "127.0.0.1", 200},
		{"no token", "0.0.0.0:1", "s3cret", "/v1/status", nil, "127.0.0.1", 401},
		{"no token for metrics", "0.0.0.0:1", "s3cret", "/metrics", nil, "127.0.0.1", 401},
		{"a wrong token", "0.0.0.0:1", "s3cret", "/v1/status", map[string]string{"Authorization": token + "x"}, "127.0.0.1", 401},
		{"an empty token", "0.0.0.0:1", "s3cret", "/v1/status", map[string]string{"Authorization": "Bearer "}, "127.0.0.1", 401},
		{"another scheme", "0.0.0.0:1", "s3cret", "/v1/status", map[string]string{"Authorization": "Basic s3cret"}, "127.0.0.1", 401},
		{"health wants none", "0.0.0.0:1", "s3cret", "/healthz", nil, "127.0.0.1", 200},
		{"readiness wants none", "0.0.0.0:1", "s3cret", "/readyz", nil, "127.0.0.1", 200},
		{"what only begins like health", "0.0.0.0:1", "s3cret", "/healthz/../v1/status", nil, "127.0.0.1", 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			reached := false
			h := guard{c.token, c.listen}.wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
			r := httptest.NewRequest(http.MethodGet, c.path, nil)
			r.Host = c.host
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.code || reached != (c.code == 200) {
				t.Errorf("code %d, want %d; handler reached: %v; %s", w.Code, c.code, reached, w.Body)
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Error("other origins are let in")
			}
		})
	}
}

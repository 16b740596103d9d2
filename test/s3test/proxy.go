package s3test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
)

// Proxy stands before a server, notes what is asked, and can answer otherwise.
// Its methods may be called from any goroutine.
type Proxy struct {
	// Endpoint is its address, http://127.0.0.1:PORT.
	Endpoint string

	mu    sync.Mutex // guards asked and fault
	asked []string
	fault Fault
}

// Fault answers a request instead of the server, or hands it on.
type Fault func(w http.ResponseWriter, r *http.Request, server http.Handler)

// Proxy starts a proxy before the server; it ends with the test.
func (s *Server) Proxy(t testing.TB) *Proxy {
	t.Helper()
	target, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	// The client has signed the proxy's name.
	server := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	p := &Proxy{}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := p.note(r); fault != nil {
			fault(w, r, server)
			return
		}
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	p.Endpoint = front.URL
	return p
}

func (p *Proxy) note(r *http.Request) Fault {
	what := r.Method + " " + r.URL.Path
	if q := r.URL.Query(); IsList(r) {
		what = "LIST " + q.Get("prefix") + " after " + q.Get("start-after")
	} else if tag := r.Header.Get("If-None-Match"); tag != "" {
		what += " if changed"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, what)
	return p.fault
}

// IsList tells a request for a bucket's list.
func IsList(r *http.Request) bool { return r.URL.Query().Get("list-type") == "2" }

// Fault has f answer from now on; nil hands everything on again.
func (p *Proxy) Fault(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// Asked returns what was asked since the last call: "LIST prefix after key", "GET
// /bucket/key", with " if changed" when it is conditional.
func (p *Proxy) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := slices.Clone(p.asked)
	p.asked = nil
	return asked
}

package configwatch

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/credential"
	"github.com/kafkaboost/boostd/priority"
)

// site is a server that notes who asks for what.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string // path, and the headers that matter
	serve http.HandlerFunc
}

func newSite(t *testing.T, secure bool) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		line := r.Method + " " + r.URL.RequestURI()
		for _, name := range []string{"Authorization", "If-None-Match", "If-Modified-Since", "Cache-Control", "Referer"} {
			if v := r.Header.Get(name); v != "" {
				line += " " + name + "=" + v
			}
		}
		s.asked = append(s.asked, line)
		serve := s.serve
		s.mu.Unlock()
		serve(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail are meant to
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func (s *site) answers(serve http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serve = serve
}

// took returns what was asked for since the last call.
func (s *site) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// certificate is a file with the site's.
func (s *site) certificate(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, path, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	return path
}

func openPage(t *testing.T, c Config, dir string) *page {
	t.Helper()
	c.SetDefaults()
	if errs := c.Validate(); errs != nil {
		t.Fatal(errs)
	}
	source, err := Open(c, dir, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	return source.(*page)
}

// reads checks a Read that goes well, and what the site was asked for.
func (s *site) reads(t *testing.T, p *page, thorough bool, data, name string, asked ...string) {
	t.Helper()
	v, err := p.Read(t.Context(), thorough)
	if err != nil {
		t.Fatal(err)
	}
	if string(v.Data) != data || v.Name != name || v.Place != p.String() {
		t.Errorf("got %q, named %q, at %s\nwant %q, named %q", v.Data, v.Name, v.Place, data, name)
	}
	if got := s.took(); !slices.Equal(got, asked) {
		t.Errorf("asked for %q\nwant %q", got, asked)
	}
}

func fixed(body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		if tag := w.Header().Get("ETag"); tag != "" && r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		if at := w.Header().Get("Last-Modified"); at != "" && r.Header.Get("If-Modified-Since") == at {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(w, body)
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// TestPage goes through the life of a document, over TLS with a certificate that
// only ca_file knows.
func TestPage(t *testing.T) {
	s := newSite(t, true)
	p := openPage(t, Config{Source: s.URL + "/doc/u?key=" + canary, HTTPS: HTTPSConfig{CAFile: s.certificate(t)}}, "")
	if want := s.URL + "/doc/u"; p.String() != want {
		t.Errorf("is called %s, want %s", p, want)
	}
	get := "GET /doc/u?key=" + canary
	s.answers(fixed(`{"max_priority": 1}`, "ETag", `W/"one"`))
	s.reads(t, p, false, `{"max_priority": 1}`, "one", get)
	s.reads(t, p, false, `{"max_priority": 1}`, "one", get+` If-None-Match=W/"one"`)
	s.reads(t, p, true, `{"max_priority": 1}`, "one", get+" Cache-Control=no-cache")
	s.answers(fixed(`{"config": {"max_priority": 2}}`, "ETag", `"two"`, "Content-Type", "application/json; charset=utf-8"))
	s.reads(t, p, false, `{"max_priority": 2}`, "two", get+` If-None-Match=W/"one"`)
	const at = "Sat, 31 Jan 2026 12:00:00 GMT"
	s.answers(fixed(`{}`, "Last-Modified", at))
	s.reads(t, p, false, `{}`, at, get+` If-None-Match="two"`)
	s.reads(t, p, false, `{}`, at, get+" If-Modified-Since="+at)
	s.answers(fixed(`{"max_priority": 3}`))
	s.reads(t, p, false, `{"max_priority": 3}`, "", get+" If-Modified-Since="+at)
	s.reads(t, p, false, `{"max_priority": 3}`, "", get)
	s.answers(status(http.StatusNotModified))
	_, err := p.Read(t.Context(), false)
	checkError(t, err, "read settings: "+p.String()+": 304 Not Modified, and the document was never asked for conditionally: something on the way answers wrongly")
}

// Test304WithBody has a server that sends what it must not.
func Test304WithBody(t *testing.T) {
	s := newSite(t, false)
	p := openPage(t, Config{Source: s.URL}, "")
	s.answers(fixed(`{}`, "ETag", `"1"`))
	s.reads(t, p, false, `{}`, "1", "GET /")
	s.answers(func(w http.ResponseWriter, _ *http.Request) {
		conn, out, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(out, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n<!html>xx")
		out.Flush()
	})
	for range 3 {
		s.reads(t, p, false, `{}`, "1", `GET / If-None-Match="1"`)
	}
}

func TestPageToken(t *testing.T) {
	s := newSite(t, false)
	s.answers(fixed(`{}`))
	dir := t.TempDir()
	path := filepath.Join(dir, "token")
	p := openPage(t, Config{Source: s.URL, HTTPS: HTTPSConfig{TokenFile: "token"}}, dir)
	writeFile(t, path, " "+canary+"\n")
	s.reads(t, p, false, `{}`, "", "GET / Authorization=Bearer "+canary)
	writeFile(t, path, canary+"2")
	s.reads(t, p, false, `{}`, "", "GET / Authorization=Bearer "+canary+"2")
	for text, want := range map[string]string{
		" \n":                  path + " is empty: write the token into it",
		canary + "\n" + canary: path + " has more in it than one token: want one line without spaces",
		canary + "\xff":        path + " has more in it than one token: want one line without spaces",
		strings.Repeat("x", credential.MaxToken) + "x": path + " is larger than 16384 bytes",
	} {
		writeFile(t, path, text)
		_, err := p.Read(t.Context(), false)
		checkError(t, err, "read settings: "+s.URL+": settings.https.token_file: "+want)
	}
	p.tokenFile = filepath.Join(dir, "absent")
	_, err := p.Read(t.Context(), false)
	checkError(t, err, "read settings: "+s.URL+": settings.https.token_file: open "+p.tokenFile+": no such file or directory")
	p.tokenFile = filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(p.tokenFile, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = p.Read(t.Context(), false)
	checkError(t, err, "read settings: "+s.URL+": settings.https.token_file: "+p.tokenFile+": want a file, this is something else")
	if asked := s.took(); len(asked) != 0 {
		t.Errorf("without a token it has asked for %q", asked)
	}
	p.tokenFile = path
	writeFile(t, path, canary)
	for code, want := range map[int]string{
		401: "401 Unauthorized: the server doesn't accept the token in " + path + ": is it still valid, and for this document?",
		403: "403 Forbidden: the server doesn't accept the token in " + path + ": is it still valid, and for this document?",
	} {
		s.answers(status(code))
		_, err := p.Read(t.Context(), false)
		checkError(t, err, "read settings: "+s.URL+": "+want)
	}
}

func TestRedirects(t *testing.T) {
	plain, other, secure := newSite(t, false), newSite(t, false), newSite(t, true)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "token"), canary)
	both := HTTPSConfig{TokenFile: "token", CAFile: secure.certificate(t)}
	to := func(address string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, address, http.StatusFound) }
	}
	other.answers(fixed(`{}`, "ETag", `"o"`))
	p := openPage(t, Config{Source: plain.URL + "/a?secret=" + canary, HTTPS: both}, dir)

	// Another host gets no token, no referer and no user; the same one does.
	plain.answers(to(strings.Replace(other.URL, "://", "://u:pw@", 1) + "/b"))
	other.reads(t, p, false, `{}`, "o", "GET /b")
	plain.answers(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a" {
			http.Redirect(w, r, "/c", http.StatusPermanentRedirect)
			return
		}
		fixed(`{"max_priority": 2}`)(w, r)
	})
	plain.took()
	plain.reads(t, p, true, `{"max_priority": 2}`, "", "GET /a?secret="+canary+" Authorization=Bearer "+canary+" Cache-Control=no-cache",
		"GET /c Authorization=Bearer "+canary+" Cache-Control=no-cache")

	// From http on this machine to https, but never back.
	secure.answers(fixed(`{}`))
	plain.answers(to(secure.URL + "/d"))
	secure.reads(t, p, true, `{}`, "", "GET /d Cache-Control=no-cache")
	secure.answers(to(other.URL + "/" + canary))
	const readable = "it redirects from https to http on …, which anybody on the way could read and change: want https"
	other.took()
	for _, source := range []string{plain.URL + "/a", secure.URL + "/a"} {
		_, err := openPage(t, Config{Source: source, HTTPS: both}, dir).Read(t.Context(), false)
		checkError(t, err, "read settings: "+source+": "+readable)
	}
	plain.answers(to("http://example.com/" + canary))
	_, err := p.Read(t.Context(), false)
	checkError(t, err, "read settings: "+plain.URL+"/a: it redirects to http on example.com: want https")
	plain.answers(to("file:///etc/passwd"))
	_, err = p.Read(t.Context(), false)
	checkError(t, err, "read settings: "+plain.URL+"/a: it redirects to file on : want https")
	plain.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://[/"+canary)
		w.WriteHeader(http.StatusFound)
	})
	_, err = p.Read(t.Context(), false)
	checkError(t, err, "read settings: "+plain.URL+"/a: it redirects to what is no address: look at the server")
	if asked := other.took(); len(asked) != 0 {
		t.Errorf("it has followed to %q", asked)
	}

	// Five, and no more.
	hops := 0
	plain.answers(func(w http.ResponseWriter, r *http.Request) {
		if hops--; hops < 0 {
			fixed(`{}`)(w, r)
			return
		}
		http.Redirect(w, r, fmt.Sprint("/", hops), http.StatusFound)
	})
	hops = maxRedirects
	if _, err := p.Read(t.Context(), false); err != nil {
		t.Error(err)
	}
	hops = maxRedirects + 1
	_, err = p.Read(t.Context(), false)
	checkError(t, err, "read settings: "+plain.URL+"/a: more than 5 redirects: look at the address")

	// Who refuses is named, and why it may.
	plain.answers(to(other.URL))
	other.answers(status(http.StatusForbidden))
	_, err = p.Read(t.Context(), false)
	checkError(t, err, "read settings: "+plain.URL+"/a: 403 Forbidden by …, where it redirects to and which doesn't get the token: the server doesn't accept the token in "+filepath.Join(dir, "token")+": is it still valid, and for this document?")
}

func TestPageFaults(t *testing.T) {
	s := newSite(t, false)
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		want  string
	}{
		{"401", status(401), "401 Unauthorized: the server wants to know who asks: name a token's file in settings.https.token_file"},
		{"404", status(404), "404 Not Found: there is no document: look for a slip in the address"},
		{"429", status(429), "429 Too Many Requests: we ask too often: raise settings.refresh"},
		{"500", status(500), "500 Internal Server Error: the server has trouble of its own: nothing to do here, unless it stays"},
		{"204", status(204), "204 No Content: want 200 with the document: look at the address"},
		{"300", status(300), "300 Multiple Choices: want 200 with the document: look at the address"},
		{"a page to log in", fixed("<html>", "Content-Type", "text/html; charset=utf-8"), "the answer is a web page (text/html), perhaps one to log in: look at the address, and at settings.https.token_file"},
		{"a picture", fixed("x", "Content-Type", "image/png"), `the answer has the content type "image/png", want application/json: look at the address`},
		{"no type", fixed("x", "Content-Type", ";;"), `the answer has the content type ";;", want application/json: look at the address`},
		{"too large", fixed(strings.Repeat(" ", priority.MaxDocument+1), "Content-Type", "text/plain"), "the answer is larger than 1048576 bytes, which no settings document may be"},
		{"endless", func(w http.ResponseWriter, r *http.Request) { endless(w, r, nil) }, "the answer is larger than 1048576 bytes, which no settings document may be"},
		{"cut", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			cut(w, nil, nil)
		}, "the connection was cut before the answer was whole: nothing to do here, unless it stays"},
		{"nothing", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "the connection was cut before the answer was whole: nothing to do here, unless it stays"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "endless" { // of a type that is read
				serve := c.serve
				c.serve = func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "text/plain")
					serve(w, r)
				}
			}
			s.answers(c.serve)
			_, err := openPage(t, Config{Source: s.URL + "/x?" + canary}, "").Read(t.Context(), false)
			checkError(t, err, "read settings: "+s.URL+"/x: "+c.want)
		})
	}
	s.answers(fixed(strings.Repeat(" ", priority.MaxDocument), "Content-Type", "application/vnd.api+json"))
	if v, err := openPage(t, Config{Source: s.URL}, "").Read(t.Context(), false); err != nil || len(v.Data) != priority.MaxDocument {
		t.Errorf("as large as allowed: %d bytes, %v", len(v.Data), err)
	}
}

func TestPageSlow(t *testing.T) {
	s := newSite(t, false)
	s.answers(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "{")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	p := openPage(t, Config{Source: s.URL}, "")
	p.timeout = 200 * time.Millisecond
	_, err := p.Read(t.Context(), false)
	checkError(t, err, "read settings: "+s.URL+": no whole answer within 200ms: is the server, or the way to it, overloaded?")
	p.timeout = readTimeout
	ctx, cancel := context.WithCancel(t.Context())
	s.took()
	go func() {
		for len(s.took()) == 0 {
			runtime.Gosched()
		}
		cancel()
	}()
	if _, err := p.Read(ctx, false); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}

func TestPageUnreachable(t *testing.T) {
	secure, plain := newSite(t, true), newSite(t, false)
	gone := newSite(t, false)
	gone.Close()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "empty.pem"), "nothing")
	another := newCertificate(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(secure.URL, "https://"), ":")
	for _, c := range []struct{ source, ca, want string }{
		{secure.URL, "", "the server's certificate isn't accepted: it is signed by nobody whom this machine trusts: name the signer's certificate in settings.https.ca_file"},
		{secure.URL, another, "the server's certificate isn't accepted: it is signed by nobody whom this machine trusts: the signer's certificate isn't in settings.https.ca_file"},
		{"https://localhost:" + port, secure.certificate(t), "the server's certificate isn't accepted: x509: certificate is valid for example.com, *.example.com, not localhost"},
		{"https" + strings.TrimPrefix(plain.URL, "http"), "", "what answers there doesn't speak TLS: look at the port and the scheme"},
		{gone.URL, "", "the connection is refused: does the server run, and on this port?"},
		{"https://host-.invalid", "", "the host isn't known: look for a slip in its name, and at this machine's DNS"},
		{secure.URL, "empty.pem", "settings.https.ca_file: there is no certificate in " + dir + "/empty.pem: want one or more in PEM, -----BEGIN CERTIFICATE-----"},
		{secure.URL, "absent.pem", "settings.https.ca_file: open " + dir + "/absent.pem: no such file or directory"},
	} {
		plain.answers(fixed("{}"))
		_, err := openPage(t, Config{Source: c.source, HTTPS: HTTPSConfig{CAFile: c.ca}}, dir).Read(t.Context(), false)
		checkError(t, err, "read settings: "+c.source+": "+c.want)
	}
}

// TestPageLeaves reads over and over: no goroutine stays.
func TestPageLeaves(t *testing.T) {
	s := newSite(t, true)
	s.answers(fixed("{}", "ETag", `"1"`))
	p := openPage(t, Config{Source: s.URL, HTTPS: HTTPSConfig{CAFile: s.certificate(t)}}, "")
	before := runtime.NumGoroutine()
	for range 20 {
		if _, err := p.Read(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	settles(t, before+2)
}

// settles waits until no more than so many goroutines are left.
func settles(t *testing.T, most int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > most; runtime.Gosched() {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, want %d at most:\n%s", runtime.NumGoroutine(), most, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// newCertificate is a file with one that no site here has.
func newCertificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "another.pem")
	writeFile(t, path, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	return path
}

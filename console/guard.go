package console

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// guard stands before the port. A page in somebody's browser can make it send
// requests to loopback, also under a name of its own that leads there: Host and
// Origin tell these.
type guard struct {
	token  string
	listen string
}

func (g guard) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !g.ours(r.Host) && !g.knows(r):
			fail(w, http.StatusForbidden, "Host "+r.Host+" is not this console's: use its address, or a loopback name")
		case !g.sameOrigin(r):
			fail(w, http.StatusForbidden, "requests from other origins are refused")
		case !g.permitted(r):
			w.Header().Set("WWW-Authenticate", `Bearer realm="boostd"`)
			fail(w, http.StatusUnauthorized, "a bearer token is required: it stands in console.token_file")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// ours reports whether a request was meant for us: by an address, which no name
// server can forge, a loopback name, or the host that we were told to listen on.
func (g guard) ours(hostport string) bool {
	host := hostname(hostport)
	return net.ParseIP(host) != nil || strings.EqualFold(host, "localhost") || strings.EqualFold(host, hostname(g.listen))
}

func hostname(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	return strings.Trim(host, "[]")
}

func (g guard) sameOrigin(r *http.Request) bool {
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == r.Host
}

// knows reports whether the request carries the token, which no page in a browser
// could have: then the name that it came by doesn't matter.
func (g guard) knows(r *http.Request) bool { return g.token != "" && g.carries(r) }

// permitted reports whether a request may be answered.
func (g guard) permitted(r *http.Request) bool {
	return g.token == "" || r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || g.carries(r)
}

// carries compares digests: their length and the time say nothing.
func (g guard) carries(r *http.Request) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	want, got := sha256.Sum256([]byte(g.token)), sha256.Sum256([]byte(given))
	return ok && subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

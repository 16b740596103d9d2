package configwatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/test/s3test"
)

// historyBehind is the history of a folder behind a proxy of its own.
func (s *store) historyBehind(t *testing.T, proxy *s3test.Proxy, folder string) *objectHistory {
	t.Helper()
	h, err := OpenHistory(Config{Source: "s3://" + s.bucket + "/" + folder, S3: S3Config{Endpoint: proxy.Endpoint, PathStyle: true}}, "", hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	return h.(*objectHistory)
}

// puts is a fault of the PUTs whose key contains a text.
func puts(key string, f s3test.Fault) s3test.Fault {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, key) {
			server.ServeHTTP(w, r)
			return
		}
		f(w, r, server)
	}
}

// lost has the server do it, and loses the answer.
func lost(w http.ResponseWriter, r *http.Request, server http.Handler) {
	server.ServeHTTP(httptest.NewRecorder(), r)
	w.WriteHeader(http.StatusInternalServerError)
}

// What the server did counts, whatever becomes of its answer.
func TestPushWithLostAnswers(t *testing.T) {
	s := newStore(t)
	h, base := s.history(t), ""
	for n, key := range []string{headName, "settings-", "/"} {
		var seen sync.Map
		s.proxy.Fault(puts(key, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
			if _, again := seen.LoadOrStore(r.URL.Path, true); again {
				server.ServeHTTP(w, r)
				return
			}
			lost(w, r, server)
		}))
		began := time.Now()
		base = push(t, h, fmt.Sprint(n), base, Note{}).Hash
		if took := time.Since(began); took > claimLease-time.Second {
			t.Errorf("%s: it waited %v for itself", key, took)
		}
	}
	s.proxy.Fault(nil)
	if got := listed(t, h); got != "*2 by : , 1 by : , 0 by : " {
		t.Errorf("got %s", got)
	}
}

// Who has claimed the next version and is so slow that another takes his place
// doesn't undo the other's: he sees it.
func TestSlowPush(t *testing.T) {
	s := newStore(t)
	slow, fast := s.historyBehind(t, s.Proxy(t), "users/u/"), s.history(t)
	one := push(t, fast, "1", "", Note{})
	reached, release := make(chan struct{}), make(chan struct{})
	proxy := s.Proxy(t)
	slow.config.S3.Endpoint = proxy.Endpoint
	proxy.Fault(puts("settings-", func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		close(reached)
		<-release
		server.ServeHTTP(w, r)
	}))
	result := make(chan error, 1)
	go func() {
		_, err := slow.Push(context.WithoutCancel(t.Context()), []byte("slow"), one.Hash, Note{By: "slow"})
		result <- err
	}()
	<-reached
	key := "users/u/" + headName
	out, err := s.Client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	s.PutAt(t, s.bucket, key, string(text), time.Now().Add(-claimLease-2*time.Second))
	push(t, fast, "fast", one.Hash, Note{By: "fast"})
	close(release)
	if c, ok := errors.AsType[Conflict](<-result); !ok || string(c.Data) != "fast" || c.Current.By != "fast" {
		t.Errorf("got %+v", c)
	}
	if got := listed(t, fast); got != "*fast by fast: , 1 by : " {
		t.Errorf("got %s", got)
	}
}

// A version of the same second whose name sorts behind all times would stay the
// newest: the push waits for the next second.
func TestPushInTheSecondOfAnother(t *testing.T) {
	s := newStore(t)
	h := s.history(t)
	const name = "settings-final.json"
	s.Put(t, s.bucket, "users/u/"+name, "final")
	e := push(t, h, "1", Hash([]byte("final")), Note{})
	if now, data, err := h.Current(t.Context()); err != nil || now.Name != e.Name || string(data) != "1" {
		t.Errorf("current is %+v, %v", now, err)
	}
	s.PutAt(t, s.bucket, "users/u/settings-later.json", "later", time.Now().Add(time.Hour))
	_, err := h.Push(t.Context(), []byte("2"), Hash([]byte("later")), Note{})
	if err == nil || !regexp.MustCompile(`version settings-later.json is (1h0m|59m5).*s ahead of the server.s clock`).MatchString(err.Error()) {
		t.Errorf("of one whose time is to come: %v", err)
	}
	if got := listed(t, h); got != "*later by : , 1 by : , final by : " {
		t.Errorf("got %s", got)
	}
}

// The seed's web page knows no head; what it puts meanwhile is seen.
func TestPushBesideThePage(t *testing.T) {
	s := newStore(t)
	h := s.history(t)
	one := push(t, h, "1", "", Note{})
	s.proxy.Fault(puts("settings-", func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		server.ServeHTTP(w, r)
		s.PutAt(t, s.bucket, "users/u/settings-2030-01-01T00:00:00.000Z.json", "page's", time.Now().Add(2*time.Second))
	}))
	_, err := h.Push(t.Context(), []byte("2"), one.Hash, Note{})
	if c, ok := errors.AsType[Conflict](err); !ok || string(c.Data) != "page's" {
		t.Errorf("got %v", err)
	}
}

// A server may give the head's old text with its new ETag: nobody claims with that
// what another has claimed.
func TestTornHead(t *testing.T) {
	s := newStore(t)
	h := s.history(t)
	one := push(t, h, "1", "", Note{By: "ann"})
	get := func(w http.ResponseWriter, r *http.Request, server http.Handler) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		server.ServeHTTP(rec, r)
		return rec
	}
	var old *httptest.ResponseRecorder
	torn := 0
	s.proxy.Fault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		rec := get(w, r, server)
		switch {
		case r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, headName):
		case old == nil: // between these two reads another pushes
			old = rec
			s.Put(t, s.bucket, "users/u/"+headName, `{"version": "settings-2031-01-01T00:00:00.000Z.json", "by": "bob"}`)
			fallthrough
		default:
			if torn++; torn < 3 {
				now := get(w, r, server)
				rec = old
				rec.Header().Set("ETag", now.Header().Get("ETag"))
			}
		}
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
	if _, err := s.try(t, h, "2", one.Hash); !errors.Is(err, errClaimed) {
		t.Errorf("got %v", err)
	}
	if torn < 3 {
		t.Errorf("it has looked %d times", torn)
	}
}

// S3 takes 2 KB of metadata.
func TestMetadataIsBounded(t *testing.T) {
	s := newStore(t)
	h := s.history(t)
	e := push(t, h, "1", "", Note{strings.Repeat("😀", 300), strings.Repeat("😀", 300)})
	out, err := s.Client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: aws.String("users/u/" + e.Name)})
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for name, value := range out.Metadata {
		size += len(name) + len(value)
	}
	if size > 2048 || size < 1500 {
		t.Errorf("there are %d bytes of metadata", size)
	}
	all, err := h.List(t.Context())
	if err != nil || strings.Trim(all[0].By+all[0].Comment, "😀") != "" || all[0].By == "" || all[0].Comment == "" {
		t.Errorf("%+v, %v", all, err)
	}
}

// Whoever changes an object may leave our metadata on it: what counts is the text.
func TestHashIsTheTexts(t *testing.T) {
	s := newStore(t)
	h := s.history(t)
	for n, lie := range []string{Hash([]byte("other")), "\x1b[2J", "x"} {
		key := fmt.Sprintf("users/u/settings-203%d-01-01T00:00:00.000Z.json", n)
		if _, err := s.Client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: strings.NewReader("text"),
			Metadata: map[string]string{metaHash: escaped(lie, 100), metaBy: "%zz"}}); err != nil {
			t.Fatal(err)
		}
		if now, data, err := h.Current(t.Context()); err != nil || now.Hash != Hash(data) || now.By != "%zz" {
			t.Errorf("%q: %+v, %v", lie, now, err)
		}
	}
	push(t, h, "2", Hash([]byte("text")), Note{})
}

// Folders have the names that users have.
func TestOddFolders(t *testing.T) {
	s := newStore(t)
	for _, user := range []string{"ü b+c%41&d=e?f#g", "us-east-1:0a1b/x", "a'\"<b>", "*"} {
		h := s.historyBehind(t, s.proxy, "private/"+user+"/")
		one := push(t, h, "1", "", Note{})
		push(t, h, "2", one.Hash, Note{By: "ann"})
		if got := listed(t, h); got != "*2 by ann: , 1 by : " {
			t.Errorf("%s: got %s", user, got)
		}
	}
}

// Of many versions a list has the newest; all can be got.
func TestManyVersionsInS3(t *testing.T) {
	s := newStore(t)
	h := s.history(t)
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for n := worker; n < 130; n += 4 {
				s.Put(t, s.bucket, "users/u/"+nameAt(noon.Add(time.Duration(n)*time.Second)), fmt.Sprint(n))
			}
		})
	}
	all.Wait()
	s.proxy.Fault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if strings.HasSuffix(r.URL.Path, nameAt(noon.Add(100*time.Second))) {
			w.WriteHeader(http.StatusForbidden) // it hides no other
			return
		}
		server.ServeHTTP(w, r)
	})
	versions, err := h.List(t.Context())
	if err != nil || len(versions) != maxHistory {
		t.Fatalf("%d versions, %v", len(versions), err)
	}
	problems := 0
	for _, e := range versions {
		if e.Problem != "" {
			problems++
			if e.Hash != "" || !strings.Contains(e.Problem, "access denied") {
				t.Errorf("got %+v", e)
			}
		}
	}
	if problems > 1 || !versions[0].Current || versions[1].Current {
		t.Errorf("%d have problems, the first is %+v", problems, versions[0])
	}
	if v, err := h.Get(t.Context(), nameAt(noon)); err != nil || string(v.Data) != "0" {
		t.Errorf("the oldest: %q, %v", v.Data, err)
	}
}

func TestNoConditionalWrites(t *testing.T) {
	s := newStore(t)
	s.proxy.Fault(puts("/", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(http.StatusNotImplemented) }))
	if _, err := s.history(t).Push(t.Context(), []byte("1"), "", Note{}); err == nil || !strings.Contains(err.Error(), "can't write on a condition") {
		t.Errorf("got %v", err)
	}
}

package configwatch

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/test/s3test"
)

// store is a real S3 server behind a proxy, and a bucket on it.
type store struct {
	*s3test.Server
	proxy  *s3test.Proxy
	bucket string
}

func newStore(t *testing.T) *store {
	t.Helper()
	s3test.Environment(t, s3test.AccessKey, s3test.SecretKey)
	server := s3test.Start(t)
	return &store{server, server.Proxy(t), server.Bucket(t)}
}

// open opens a source in the bucket.
func (s *store) open(t *testing.T, key string) *object {
	t.Helper()
	return s.openWith(t, Config{Source: "s3://" + s.bucket + "/" + key, S3: S3Config{Endpoint: s.proxy.Endpoint, PathStyle: true}})
}

func (s *store) openWith(t *testing.T, c Config) *object {
	t.Helper()
	c.SetDefaults()
	if errs := c.Validate(); errs != nil {
		t.Fatal(errs)
	}
	source, err := Open(c, "", hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { source.Close() })
	return source.(*object)
}

// reads checks a Read that goes well, and what it has asked for.
func (s *store) reads(t *testing.T, o *object, thorough bool, body, name string, asked ...string) {
	t.Helper()
	v, err := o.Read(t.Context(), thorough)
	if err != nil {
		t.Fatal(err)
	}
	if string(v.Data) != body || v.Name != name || !strings.HasSuffix(v.Place, "/"+name) || !strings.HasPrefix(v.Place, "s3://"+s.bucket+"/") {
		t.Errorf("got %q, named %s, at %s\nwant %q, named %s", v.Data, v.Name, v.Place, body, name)
	}
	for i, a := range asked {
		asked[i] = strings.ReplaceAll(a, "BUCKET", s.bucket)
	}
	if got := s.proxy.Asked(); !slices.Equal(got, asked) {
		t.Errorf("asked for %q\nwant %q", got, asked)
	}
}

var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

func TestOneObject(t *testing.T) {
	s := newStore(t)
	s.Put(t, s.bucket, "team/doc.json", "one")
	o := s.open(t, "team/doc.json")
	const get = "GET /BUCKET/team/doc.json"
	s.reads(t, o, false, "one", "doc.json", get)
	s.reads(t, o, false, "one", "doc.json", get+" if changed")
	s.Put(t, s.bucket, "team/doc.json", "two")
	s.reads(t, o, false, "two", "doc.json", get+" if changed")
	s.reads(t, o, true, "two", "doc.json", get)
	s.reads(t, o, false, "two", "doc.json", get+" if changed")
	s.Delete(t, s.bucket, "team/doc.json")
	_, err := o.Read(t.Context(), false)
	if want := "read settings: s3://" + s.bucket + "/team/doc.json: there is no such object: put the document there, or, where this is a folder, end the source with a slash"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	s.proxy.Asked()
	s.Put(t, s.bucket, "team/doc.json", "two")
	s.reads(t, o, false, "two", "doc.json", get+" if changed")
}

func TestFolder(t *testing.T) {
	for _, folder := range []string{"users/u/", "private/eu-west-1:0b5e/users/u/"} {
		t.Run(strings.ReplaceAll(folder, "/", "."), func(t *testing.T) { testFolder(t, newStore(t), folder) })
	}
}

func testFolder(t *testing.T, s *store, folder string) {
	o := s.open(t, folder)
	get := "GET /BUCKET/" + folder
	all := "LIST " + folder + " after "

	// What isn't the user's, or no version, or below.
	for _, key := range []string{"users/u2/settings-9.json", "users/xu/settings-9.json", "xusers/u/settings-9.json",
		folder + "old/settings-9.json", folder + "settings-9.json.bak", folder + "settings-.json", folder + "head.json", folder + "Settings-9.json",
		folder + "settings-9/x.json"} {
		s.PutAt(t, s.bucket, key, "another's", noon.Add(time.Hour))
	}
	put := func(name, body string, second int) {
		t.Helper()
		s.PutAt(t, s.bucket, folder+name, body, noon.Add(time.Duration(second)*time.Second))
	}
	put("settings-2026-01-31T12:00:00.000Z.json", "one", 0)
	s.reads(t, o, false, "one", "settings-2026-01-31T12:00:00.000Z.json", all, get+"settings-2026-01-31T12:00:00.000Z.json")
	s.reads(t, o, false, "one", "settings-2026-01-31T12:00:00.000Z.json", all+folder+"settings-2026-01-31T12:00:00.000Z.jso")

	// The same key, written anew, also within the second.
	put("settings-2026-01-31T12:00:00.000Z.json", "two", 0)
	s.reads(t, o, false, "two", "settings-2026-01-31T12:00:00.000Z.json", all+folder+"settings-2026-01-31T12:00:00.000Z.jso", get+"settings-2026-01-31T12:00:00.000Z.json if changed")

	// Two within a second: the key decides.
	put("settings-2026-01-31T12:00:07.200Z.json", "b", 7)
	put("settings-2026-01-31T12:00:07.100Z.json", "a", 7)
	s.reads(t, o, false, "b", "settings-2026-01-31T12:00:07.200Z.json", all+folder+"settings-2026-01-31T12:00:00.000Z.jso", get+"settings-2026-01-31T12:00:07.200Z.json")

	// A lower key that was written later is found by the next look at all of them.
	put("settings-2026-01-31T11:00:00.000Z.json", "later", 9)
	last := all + folder + "settings-2026-01-31T12:00:07.200Z.jso"
	s.reads(t, o, false, "b", "settings-2026-01-31T12:00:07.200Z.json", last)
	o.now = func() time.Time { return time.Now().Add(fullListEvery) }
	s.reads(t, o, false, "later", "settings-2026-01-31T11:00:00.000Z.json", all, get+"settings-2026-01-31T11:00:00.000Z.json")
	last = all + folder + "settings-2026-01-31T11:00:00.000Z.jso"
	s.reads(t, o, false, "later", "settings-2026-01-31T11:00:00.000Z.json", last)
	s.reads(t, o, true, "later", "settings-2026-01-31T11:00:00.000Z.json", all, get+"settings-2026-01-31T11:00:00.000Z.json")

	// Without the newest the next newest is current.
	s.Delete(t, s.bucket, folder+"settings-2026-01-31T11:00:00.000Z.json")
	s.reads(t, o, false, "b", "settings-2026-01-31T12:00:07.200Z.json", last, all,
		get+"settings-2026-01-31T11:00:00.000Z.json if changed", get+"settings-2026-01-31T12:00:07.200Z.json")
}

func TestEmptyFolder(t *testing.T) {
	s := newStore(t)
	s.Put(t, s.bucket, "users/u/settings-1.json", "one")
	for key, want := range map[string]string{
		"users/v/": "there is no settings-TIME.json directly in this folder: put the document there, such as settings-2026-01-31T12:00:00Z.json, or look for a slip in the source",
		"users/":   "there is no settings-TIME.json directly in this folder, only other folders: is the user's own missing at the end of the source?",
	} {
		_, err := s.open(t, key).Read(t.Context(), false)
		if want = "read settings: s3://" + s.bucket + "/" + key + ": " + want; err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	o := s.open(t, "users/u/")
	s.proxy.Asked()
	s.reads(t, o, false, "one", "settings-1.json", "LIST users/u/ after ", "GET /BUCKET/users/u/settings-1.json")
	s.Delete(t, s.bucket, "users/u/settings-1.json")
	if _, err := o.Read(t.Context(), false); err == nil || !strings.Contains(err.Error(), "there is no settings-TIME.json") {
		t.Errorf("without its only version: %v", err)
	}
}

// TestManyObjects has more than one page, and the newest isn't on the last one.
func TestManyObjects(t *testing.T) {
	s := newStore(t)
	const versions = 1500
	name := func(i int) string { return fmt.Sprintf("settings-%04d.json", i) }
	work := make(chan int)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for i := range work {
				s.PutAt(t, s.bucket, "users/u/"+name(i), fmt.Sprint(i), noon)
			}
		})
	}
	for i := range versions {
		work <- i
	}
	close(work)
	writers.Wait()
	o := s.open(t, "users/u/")
	all := "LIST users/u/ after "
	s.reads(t, o, false, "1499", name(1499), all, all, "GET /BUCKET/users/u/"+name(1499))
	s.reads(t, o, false, "1499", name(1499), all+"users/u/settings-1499.jso")
	s.PutAt(t, s.bucket, "users/u/"+name(0), "again", noon.Add(time.Second))
	s.reads(t, o, true, "again", name(0), all, all, "GET /BUCKET/users/u/"+name(0))
}

func TestSizeOfAnObject(t *testing.T) {
	s := newStore(t)
	for key, size := range map[string]int{"good/settings-1.json": priority.MaxDocument, "large/settings-1.json": priority.MaxDocument + 1} {
		s.Put(t, s.bucket, key, strings.Repeat(" ", size))
	}
	for _, key := range []string{"good/", "good/settings-1.json"} {
		if v, err := s.open(t, key).Read(t.Context(), false); err != nil || len(v.Data) != priority.MaxDocument {
			t.Errorf("%s: got %d bytes, %v", key, len(v.Data), err)
		}
	}
	for _, key := range []string{"large/", "large/settings-1.json"} {
		want := "read settings: s3://" + s.bucket + "/" + key + ": large/settings-1.json is larger than 1048576 bytes, which no settings document may be"
		if _, err := s.open(t, key).Read(t.Context(), false); err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	kind := "gzip"
	if _, err := s.Client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: &kind, ContentEncoding: &kind, Body: bytes.NewReader(nil)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.open(t, kind).Read(t.Context(), false); err == nil || !strings.Contains(err.Error(), `stored with the content encoding "gzip": store it as plain JSON`) {
		t.Errorf("compressed: %v", err)
	}
}

// TestObjectGoesWhileListing deletes what a LIST has just shown, once, and then
// each time.
func TestObjectGoesWhileListing(t *testing.T) {
	s := newStore(t)
	for i := range 4 {
		s.PutAt(t, s.bucket, fmt.Sprintf("u/settings-%d.json", i), fmt.Sprint(i), noon.Add(time.Duration(i)*time.Second))
	}
	o := s.open(t, "u/")
	next := 3
	s.proxy.Fault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if !s3test.IsList(r) && next == 3 {
			s.Delete(t, s.bucket, "u/settings-3.json")
			next--
		}
		server.ServeHTTP(w, r)
	})
	s.reads(t, o, false, "2", "settings-2.json", "LIST u/ after ", "GET /BUCKET/u/settings-3.json", "LIST u/ after ", "GET /BUCKET/u/settings-2.json")
	o = s.open(t, "u/")
	s.proxy.Fault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if !s3test.IsList(r) {
			s.Delete(t, s.bucket, fmt.Sprintf("u/settings-%d.json", next))
			next--
		}
		server.ServeHTTP(w, r)
	})
	if _, err := o.Read(t.Context(), false); err == nil || !strings.HasSuffix(err.Error(), "u/: "+errGone.Error()) {
		t.Errorf("when all go: %v", err)
	}
	s.proxy.Fault(nil)
	s.proxy.Asked()
	s.reads(t, o, false, "0", "settings-0.json", "LIST u/ after ", "GET /BUCKET/u/settings-0.json")
}

// TestObjectIsReplacedWhileListing gets a newer body than the LIST had shown; it
// is got whole, and once more at most.
func TestObjectIsReplacedWhileListing(t *testing.T) {
	s := newStore(t)
	s.Put(t, s.bucket, "u/settings-1.json", "old")
	o := s.open(t, "u/")
	first := true
	s.proxy.Fault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if !s3test.IsList(r) && first {
			first = false
			s.Put(t, s.bucket, "u/settings-1.json", "new")
		}
		server.ServeHTTP(w, r)
	})
	const get = "GET /BUCKET/u/settings-1.json"
	s.reads(t, o, false, "new", "settings-1.json", "LIST u/ after ", get)
	s.reads(t, o, false, "new", "settings-1.json", "LIST u/ after u/settings-1.jso", get+" if changed")
	s.reads(t, o, false, "new", "settings-1.json", "LIST u/ after u/settings-1.jso")
}

// TestGetFailsAfterList finds what it couldn't get the first time, though its key
// sorts below the one that we have.
func TestGetFailsAfterList(t *testing.T) {
	s := newStore(t)
	s.PutAt(t, s.bucket, "u/settings-5.json", "5", noon)
	o := s.open(t, "u/")
	s.reads(t, o, false, "5", "settings-5.json", "LIST u/ after ", "GET /BUCKET/u/settings-5.json")
	s.PutAt(t, s.bucket, "u/settings-1.json", "1", noon.Add(time.Second))
	s.proxy.Fault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if s3test.IsList(r) {
			server.ServeHTTP(w, r)
			return
		}
		says(403, "AccessDenied", "")(w, r, server)
	})
	if _, err := o.Read(t.Context(), true); err == nil {
		t.Fatal("no error")
	}
	s.proxy.Fault(nil)
	s.proxy.Asked()
	s.reads(t, o, false, "1", "settings-1.json", "LIST u/ after ", "GET /BUCKET/u/settings-1.json")
}

// TestStrangeKeys has names that must be written otherwise in an address.
func TestStrangeKeys(t *testing.T) {
	s := newStore(t)
	folder := "private/eu-west-1:0b5e/users/Jörg & co+%2F/"
	o := s.open(t, folder)
	last := ""
	for i, name := range []string{"settings-2026-01-31T12:00:00+00:00.json", "settings-2026-01-31T13:00:00+01:00 %41?#ü.json"} {
		s.PutAt(t, s.bucket, folder+name, name, noon.Add(time.Duration(i)*time.Second))
		s.reads(t, o, false, name, name, "LIST "+folder+" after "+last, "GET /BUCKET/"+folder+name)
		last = folder + strings.TrimSuffix(name, "n")
		s.reads(t, o, false, name, name, "LIST "+folder+" after "+last)
	}
	one := s.open(t, folder+"settings-2026-01-31T13:00:00+01:00 %41?#ü.json")
	if v, err := one.Read(t.Context(), false); err != nil || v.Name != "settings-2026-01-31T13:00:00+01:00 %41?#ü.json" {
		t.Errorf("as one object: %s, %v", v.Name, err)
	}
}

// TestStaleList has a LIST that doesn't know the newest version yet, as stores
// have it that aren't consistent: we don't go back.
func TestStaleList(t *testing.T) {
	s := newStore(t)
	s.PutAt(t, s.bucket, "u/settings-1.json", "1", noon)
	stale := record(t, s)
	s.PutAt(t, s.bucket, "u/settings-2.json", "2", noon.Add(time.Minute))
	o := s.open(t, "u/")
	const get = "GET /BUCKET/u/settings-2.json"
	s.reads(t, o, false, "2", "settings-2.json", "LIST u/ after ", get)
	s.proxy.Fault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if s3test.IsList(r) {
			w.Write(stale)
			return
		}
		server.ServeHTTP(w, r)
	})
	s.reads(t, o, false, "2", "settings-2.json", "LIST u/ after u/settings-2.jso", "LIST u/ after ", get+" if changed")
	s.reads(t, o, true, "2", "settings-2.json", "LIST u/ after ", get)
	s.proxy.Fault(nil)
	s.reads(t, o, false, "2", "settings-2.json", "LIST u/ after u/settings-2.jso")
}

// record is the answer to the LIST of the folder u/.
func record(t *testing.T, s *store) []byte {
	t.Helper()
	var answer []byte
	s.proxy.Fault(func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if !s3test.IsList(r) {
			server.ServeHTTP(w, r)
			return
		}
		copied := &recorder{ResponseWriter: w}
		server.ServeHTTP(copied, r)
		answer = copied.body
	})
	o := s.open(t, "u/")
	if _, err := o.Read(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	s.proxy.Fault(nil)
	s.proxy.Asked()
	return answer
}

type recorder struct {
	http.ResponseWriter
	body []byte
}

func (r *recorder) Write(p []byte) (int, error) {
	r.body = append(r.body, p...)
	return r.ResponseWriter.Write(p)
}

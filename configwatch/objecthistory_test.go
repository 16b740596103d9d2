package configwatch

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// history is that of the folder users/u/ in the bucket.
func (s *store) history(t *testing.T) *objectHistory {
	t.Helper()
	h, err := OpenHistory(Config{Source: "s3://" + s.bucket + "/users/u/", S3: S3Config{Endpoint: s.proxy.Endpoint, PathStyle: true}}, "", hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	return h.(*objectHistory)
}

func TestObjectHistory(t *testing.T) {
	s := newStore(t)
	h := s.history(t)
	if got := listed(t, h); got != "" {
		t.Errorf("of an empty folder: %s", got)
	}
	one := push(t, h, "1", "", Note{"ann", "first\nline"})
	two := push(t, h, "2", one.Hash, Note{"bób", "größer"})
	push(t, h, "1", two.Hash, Note{"ann", "back"})
	if got, want := listed(t, h), "*1 by ann: back, 2 by bób: größer, 1 by ann: first\nline"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	o := s.open(t, "users/u/")
	if v, err := o.Read(t.Context(), false); err != nil || string(v.Data) != "1" {
		t.Errorf("the source has %q, %v", v.Data, err)
	}
	// The seed's web page writes there too, and knows nothing of a head.
	s.PutAt(t, s.bucket, "users/u/settings-2030-01-01T00:00:00.000Z.json", "page's", time.Now())
	if got := listed(t, h); !strings.HasPrefix(got, "*page's by : , 1 by ann: back") {
		t.Errorf("got %s", got)
	}
	_, err := h.Push(t.Context(), []byte("3"), two.Hash, Note{})
	if c, ok := errors.AsType[Conflict](err); !ok || string(c.Data) != "page's" || c.Current.Name != "settings-2030-01-01T00:00:00.000Z.json" {
		t.Errorf("got %v", err)
	}
	if e := push(t, h, "3", Hash([]byte("page's")), Note{}); e.Name != "settings-2030-01-01T00:00:00.001Z.json" {
		t.Errorf("its name %s isn't behind the current one's", e.Name)
	}
	for _, name := range []string{"settings-2020.json", "", "../v/settings-1.json", headName} {
		if _, err := h.Get(t.Context(), name); !errors.Is(err, ErrNoVersion) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// Of editors that have seen the same version one wins, each time.
func TestOneWinnerInS3(t *testing.T) {
	const editors, rounds = 6, 5
	s := newStore(t)
	base := push(t, s.history(t), "0", "", Note{}).Hash
	for round := range rounds {
		var all sync.WaitGroup
		results := make([]error, editors)
		for n := range editors {
			h := s.history(t)
			all.Go(func() {
				_, results[n] = h.Push(t.Context(), fmt.Appendf(nil, "%d by %d", round, n), base, Note{By: fmt.Sprint(n)})
			})
		}
		all.Wait()
		winner := ""
		for n, err := range results {
			switch {
			case err == nil && winner == "":
				winner = fmt.Sprintf("%d by %d", round, n)
			case !errors.As(err, new(Conflict)):
				t.Fatalf("editor %d: %v, besides %q", n, err, winner)
			}
		}
		if v, err := s.open(t, "users/u/").Read(t.Context(), false); err != nil || string(v.Data) != winner {
			t.Fatalf("the source has %q, the winner is %q, %v", v.Data, winner, err)
		}
		base = Hash([]byte(winner))
	}
}

// Who has claimed the next version and has died before it was there holds up nobody
// for longer than claimLease.
func TestClaimOfTheDead(t *testing.T) {
	s := newStore(t)
	h := s.history(t)
	one := push(t, h, "1", "", Note{})
	dead := func(at time.Time) {
		s.PutAt(t, s.bucket, "users/u/"+headName, `{"version": "settings-2031-01-01T00:00:00.000Z.json"}`, at)
	}
	dead(time.Now())
	if _, err := s.try(t, h, "2", one.Hash); !errors.Is(err, errClaimed) {
		t.Errorf("while it may still come: %v", err)
	}
	dead(time.Now().Add(-claimLease - 2*time.Second))
	if e, err := s.try(t, h, "2", one.Hash); err != nil || e.Name != "settings-2031-01-01T00:00:00.000Z.json" {
		t.Errorf("later the name is taken, so that he can't come: %+v, %v", e, err)
	}
	dead(time.Now().Add(-claimLife - time.Minute))
	s.Delete(t, s.bucket, "users/u/settings-2031-01-01T00:00:00.000Z.json")
	if e, err := s.try(t, h, "3", one.Hash); err != nil || strings.Contains(e.Name, "2031") {
		t.Errorf("much later the name is of no use: %+v, %v", e, err)
	}
	if got := listed(t, h); got != "*3 by : , 1 by : " {
		t.Errorf("got %s", got)
	}
}

// try is one try of a push, after the second in which the last version was put.
func (s *store) try(t *testing.T, h *objectHistory, text, base string) (e Entry, err error) {
	t.Helper()
	o, err := h.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer o.hangUp()
	p := &pushing{objectHistory: h, o: o, data: []byte(text), base: base}
	for {
		if e, err = p.try(t.Context()); !errors.Is(err, errSecond) {
			return e, err
		}
		<-time.After(claimWait)
	}
}

func TestNoHistory(t *testing.T) {
	for source, want := range map[string]string{
		"s3://b/settings.json": "let settings.source end with a slash",
		"https://h/x":          "change them where they come from",
	} {
		if _, err := OpenHistory(Config{Source: source}, "", hclog.NewNullLogger()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", source, err)
		}
	}
}

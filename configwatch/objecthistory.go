package configwatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/go-hclog"
)

// objectHistory keeps the versions of a folder in S3: its objects
// settings-TIME.json, with the note in their metadata.
type objectHistory struct {
	config Config
	logger hclog.Logger
	now    func() time.Time
}

const (
	// maxHistory is how many versions List returns: each costs a request, of which
	// describers are made at once.
	maxHistory = 100
	describers = 8
	// maxBy and maxComment bound the texts of the metadata in bytes as they are
	// escaped: S3 takes 2 KB in all, names and hash included.
	maxBy, maxComment = 400, 1400
)

// Names of the metadata; their values are escaped, for S3 takes ASCII alone.
const metaBy, metaComment, metaHash = "boostd-by", "boostd-comment", "boostd-sha256"

func openObjectHistory(c Config, logger hclog.Logger) (*objectHistory, error) {
	if !strings.HasSuffix(c.Source, "/") {
		return nil, errors.New("one object in S3 has no history: let settings.source end with a slash, then each version is an object settings-TIME.json in that folder")
	}
	return &objectHistory{c, logger, time.Now}, nil
}

// open connects; the caller hangs up.
func (h *objectHistory) open(ctx context.Context) (*object, error) {
	o := openS3(h.config, h.logger)
	o.now = h.now
	if err := o.dial(ctx); err != nil {
		return nil, fmt.Errorf("open history %s: %w", o, err)
	}
	return o, nil
}

// List implements History.
func (h *objectHistory) List(ctx context.Context) ([]Entry, error) {
	o, err := h.open(ctx)
	if err != nil {
		return nil, err
	}
	defer o.hangUp()
	var found []entry
	if _, err := o.walk(ctx, "", func(e entry) { found = append(found, e) }); err != nil {
		return nil, fmt.Errorf("list history %s: %w", o, err)
	}
	slices.SortFunc(found, func(a, b entry) int {
		if a.older(b) {
			return 1
		}
		return -1
	})
	entries := describeAll(ctx, o, found[:min(len(found), maxHistory)])
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("list history %s: %w", o, err)
	}
	if len(entries) > 0 {
		entries[0].Current = true
	}
	return entries, nil
}

// describeAll leaves out what is gone again; what can't be read hides no other.
func describeAll(ctx context.Context, o *object, found []entry) []Entry {
	all := make([]Entry, len(found))
	var workers sync.WaitGroup
	for first := range min(describers, len(found)) {
		own := *o // an object is one goroutine's
		workers.Go(func() {
			for n := first; n < len(found); n += describers {
				known, _, err := describe(ctx, &own, found[n])
				if err != nil && !errors.Is(err, errGone) {
					known = Entry{Name: found[n].key[len(o.key):], At: time.Unix(0, found[n].modified).UTC(), Problem: err.Error()}
				}
				all[n] = known
			}
		})
	}
	workers.Wait()
	return slices.DeleteFunc(all, func(e Entry) bool { return e.Name == "" })
}

// describe asks for a version's note and hash; what other hands have put there has
// none, and is read. There is the server's clock in it, where that says.
func describe(ctx context.Context, o *object, e entry) (known Entry, there time.Time, err error) {
	out, err := o.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &o.bucket, Key: &e.key})
	if _, status := answer(err); status == http.StatusNotFound {
		return Entry{}, there, errGone
	}
	if err != nil {
		return Entry{}, there, o.explain(ctx, err, "s3:GetObject", e.key)
	}
	there, _ = middleware.GetServerTime(out.ResultMetadata)
	known = Entry{Name: e.key[len(o.key):], At: time.Unix(0, e.modified).UTC(), Hash: unescape(out.Metadata[metaHash]),
		Note: Note{By: unescape(out.Metadata[metaBy]), Comment: unescape(out.Metadata[metaComment])}.cut()}
	if !isHash(known.Hash) {
		v, err := o.get(ctx, e, true)
		if err != nil {
			return Entry{}, there, err
		}
		known.Hash = Hash(v.Data)
	}
	return known, there, nil
}

func isHash(s string) bool {
	return len(s) == 64 && !strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) })
}

func unescape(s string) string {
	if text, err := url.QueryUnescape(s); err == nil {
		return text
	}
	return s
}

// escaped is a text as metadata has it, cut to a length in bytes.
func escaped(s string, limit int) string {
	r := []rune(s)
	for len(url.QueryEscape(string(r))) > limit {
		r = r[:len(r)-1]
	}
	return url.QueryEscape(string(r))
}

// Get implements History.
func (h *objectHistory) Get(ctx context.Context, name string) (Version, error) {
	o, err := h.open(ctx)
	if err != nil {
		return Version{}, err
	}
	defer o.hangUp()
	if !isVersion(name) {
		return Version{}, fmt.Errorf("version %q: %w", name, ErrNoVersion)
	}
	v, err := o.get(ctx, entry{key: o.key + name}, true)
	if errors.Is(err, errGone) {
		return Version{}, fmt.Errorf("version %q: %w", name, ErrNoVersion)
	}
	if err != nil {
		return Version{}, fmt.Errorf("read version %q of %s: %w", name, o, err)
	}
	return v, nil
}

// Current implements History.
func (h *objectHistory) Current(ctx context.Context) (Entry, []byte, error) {
	o, err := h.open(ctx)
	if err != nil {
		return Entry{}, nil, err
	}
	defer o.hangUp()
	now, err := look(ctx, o, head{})
	return now.Entry, now.data, err
}

// standing is what is current in a folder when somebody looks.
type standing struct {
	Entry

	data  []byte
	clock time.Time // the server's; zero where it doesn't say
	there bool      // the version that the head names
}

// look finds the newest version. Its hash is the document's own: whoever has changed
// an object may have left our metadata on it.
func look(ctx context.Context, o *object, d head) (s standing, err error) {
	var newest entry
	s.there = d.Version == ""
	if _, err = o.walk(ctx, "", func(e entry) {
		s.there = s.there || e.key == o.key+d.Version
		if newest.older(e) {
			newest = e
		}
	}); err != nil {
		return standing{}, fmt.Errorf("list history %s: %w", o, err)
	}
	if newest.key == "" {
		return s, nil
	}
	if s.Entry, s.clock, err = describe(ctx, o, newest); err != nil {
		return standing{}, fmt.Errorf("read settings %s: %w", o, err)
	}
	v, err := o.get(ctx, newest, true)
	if err != nil {
		return standing{}, fmt.Errorf("read settings %s: %w", o, err)
	}
	s.data, s.Hash, s.Current = v.Data, Hash(v.Data), true
	return s, nil
}

// put writes a version, unless there is one of that name. It is the version that the
// claim was for, so one with the same text is ours: its answer was lost.
func put(ctx context.Context, o *object, name string, data []byte, note Note) error {
	key := o.key + name
	_, err := o.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &o.bucket, Key: &key, Body: bytes.NewReader(data),
		ContentType: aws.String("application/json"), IfNoneMatch: aws.String("*"),
		Metadata: map[string]string{metaBy: escaped(note.By, maxBy), metaComment: escaped(note.Comment, maxComment), metaHash: Hash(data)},
	})
	if err == nil {
		return nil
	}
	if refusedCondition(err) {
		if v, err := o.get(ctx, entry{key: key}, true); err == nil && bytes.Equal(v.Data, data) {
			return nil
		}
		return errClaimed
	}
	return fmt.Errorf("write settings %s: %w; `boostd settings history` says whether the version is there", o, o.explainWrite(ctx, err, key))
}

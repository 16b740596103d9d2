package configwatch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/go-hclog"
)

// objectHistory keeps the versions of a folder in S3: its objects
// settings-TIME.json, with the note in their metadata. Objects with new names never
// exclude each other, so who pushes changes the head first, if nobody else has:
// that is the right to put the next version.
type objectHistory struct {
	config Config
	logger hclog.Logger
	now    func() time.Time
}

const (
	// maxHistory is how many versions List returns: each costs a request.
	maxHistory = 100
	// headName is the object that has the name of the last version that was pushed.
	headName = "boostd-head.json"
	// claimLease is how long who has changed the head has for putting the version;
	// later another may. claimTime is what he takes at most.
	claimLease = 30 * time.Second
	claimTime  = 20 * time.Second
	// claimWait is the time between two looks at another's claim.
	claimWait = 300 * time.Millisecond
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

// List implements History. Of more than maxHistory versions it returns the newest.
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
	entries := []Entry{}
	for _, e := range found[:min(len(found), maxHistory)] {
		known, err := h.describe(ctx, o, e)
		if errors.Is(err, errGone) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list history %s: %w", o, err)
		}
		known.Current = len(entries) == 0
		entries = append(entries, known)
	}
	return entries, nil
}

// describe asks for a version's note and hash; what other hands have put there has
// none, and is read.
func (h *objectHistory) describe(ctx context.Context, o *object, e entry) (Entry, error) {
	out, err := o.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &o.bucket, Key: &e.key})
	if _, status := answer(err); status == http.StatusNotFound {
		return Entry{}, errGone
	}
	if err != nil {
		return Entry{}, o.explain(ctx, err, "s3:GetObject", e.key)
	}
	known := Entry{Name: e.key[len(o.key):], At: time.Unix(0, e.modified).UTC(), Hash: unescape(out.Metadata[metaHash]),
		Note: Note{By: unescape(out.Metadata[metaBy]), Comment: unescape(out.Metadata[metaComment])}.cut()}
	if known.Hash == "" {
		v, err := o.get(ctx, e, true)
		if err != nil {
			return Entry{}, err
		}
		known.Hash = Hash(v.Data)
	}
	return known, nil
}

func unescape(s string) string {
	if text, err := url.QueryUnescape(s); err == nil {
		return text
	}
	return s
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

// head is the object headName.
type head struct {
	// Version is the object that was put after this one, or is being put.
	Version string `json:"version"`
	By      string `json:"by"`

	etag string // empty: there is no head
	at   time.Time
	now  time.Time // of the server, when it was asked
}

// pending reports whether its version may still come.
func (d head) pending() bool { return d.now.Sub(d.at) < claimLease }

// Push implements History.
func (h *objectHistory) Push(ctx context.Context, data []byte, base string, note Note) (Entry, error) {
	o, err := h.open(ctx)
	if err != nil {
		return Entry{}, err
	}
	defer o.hangUp()
	for {
		e, err := h.push(ctx, o, data, base, note.cut())
		if !errors.Is(err, errClaimed) {
			return e, err
		}
		select {
		case <-ctx.Done():
			return Entry{}, err
		case <-time.After(claimWait):
		}
	}
}

// errClaimed says that somebody else is pushing.
var errClaimed = errors.New("somebody else changes the settings at this moment: try again in a minute")

// push looks at the head before the current version: whoever pushes in between
// changes the head, and the claim fails.
func (h *objectHistory) push(ctx context.Context, o *object, data []byte, base string, note Note) (Entry, error) {
	d, err := h.head(ctx, o)
	if err != nil {
		return Entry{}, err
	}
	o.held = held{}
	current, err := h.current(ctx, o, d)
	if err != nil {
		return Entry{}, err
	}
	if current.Hash != base {
		v, _ := o.get(ctx, entry{key: o.key + current.Name}, true) // it may be gone again
		return Entry{}, Conflict{current, v.Data}
	}
	ctx, cancel := context.WithTimeout(ctx, claimTime)
	defer cancel()
	name := versionName(h.now(), current.Name)
	if err := h.claim(ctx, o, d, head{Version: name, By: note.By}); err != nil {
		return Entry{}, err
	}
	hash := Hash(data)
	_, err = o.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &o.bucket, Key: aws.String(o.key + name), Body: bytes.NewReader(data),
		ContentType: aws.String("application/json"), IfNoneMatch: aws.String("*"),
		Metadata: map[string]string{metaBy: url.QueryEscape(note.By), metaComment: url.QueryEscape(note.Comment), metaHash: hash},
	})
	if err != nil {
		return Entry{}, fmt.Errorf("write settings %s: %w", o, o.explain(ctx, err, "s3:PutObject", o.key+name))
	}
	return Entry{Name: name, Hash: hash, At: h.now().UTC(), Current: true, Note: note}, nil
}

// current is the newest version; without a hash where there is none. It is
// errClaimed while another's is to come.
func (h *objectHistory) current(ctx context.Context, o *object, d head) (Entry, error) {
	var newest entry
	there := d.Version == ""
	_, err := o.walk(ctx, "", func(e entry) {
		there = there || e.key == o.key+d.Version
		if newest.older(e) {
			newest = e
		}
	})
	switch {
	case err != nil:
		return Entry{}, fmt.Errorf("list history %s: %w", o, err)
	case !there && d.pending():
		return Entry{}, errClaimed
	case newest.key == "":
		return Entry{}, nil
	}
	e, err := h.describe(ctx, o, newest)
	if err != nil {
		return Entry{}, fmt.Errorf("read settings %s: %w", o, err)
	}
	e.Current = true
	return e, nil
}

// maxHead bounds the head in bytes.
const maxHead = 4096

// head reads the head; the zero value is that of a folder without one.
func (h *objectHistory) head(ctx context.Context, o *object) (d head, err error) {
	key := o.key + headName
	out, err := o.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.bucket, Key: &key})
	if code, status := answer(err); code == "NoSuchKey" || status == http.StatusNotFound {
		return head{}, nil
	}
	if err != nil {
		return head{}, fmt.Errorf("read settings %s: %w", o, o.explain(ctx, err, "s3:GetObject", key))
	}
	defer out.Body.Close()
	text, err := io.ReadAll(io.LimitReader(out.Body, maxHead))
	if err != nil {
		return head{}, fmt.Errorf("read settings %s: %w", o, o.explain(ctx, err, "s3:GetObject", key))
	}
	_ = json.Unmarshal(text, &d) // what is no head is replaced
	d.etag, d.at, d.now = value(out.ETag), h.now(), h.now()
	if out.LastModified != nil {
		d.at = *out.LastModified
	}
	if there, ok := middleware.GetServerTime(out.ResultMetadata); ok {
		d.now = there
	}
	return d, nil
}

// claim changes the head, if it is still the one that was read.
func (h *objectHistory) claim(ctx context.Context, o *object, was, next head) error {
	text, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("write settings %s: %w", o, err)
	}
	in := &s3.PutObjectInput{Bucket: &o.bucket, Key: aws.String(o.key + headName), Body: bytes.NewReader(text), ContentType: aws.String("application/json")}
	if was.etag == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = &was.etag
	}
	_, err = o.client.PutObject(ctx, in)
	switch _, status := answer(err); {
	case status == http.StatusPreconditionFailed || status == http.StatusConflict || status == http.StatusNotFound:
		return errClaimed
	case err != nil:
		return fmt.Errorf("write settings %s: %w", o, o.explain(ctx, err, "s3:PutObject", *in.Key))
	}
	return nil
}

package configwatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/priority"
)

// object is a document in S3: the newest version in a folder, or one object.
//
// One object costs one conditional GET a Read. A folder costs one LIST, which
// begins just before the newest key that we know: so it shows whether that object
// was rewritten or deleted, and what has been put behind it. What was put before
// it, or rewritten there, is found by a LIST of the whole folder, every
// fullListEvery and when Read shall be thorough. There is a GET only where the
// LIST shows something new. When the newest version is deleted, the next newest
// one is current, as it is for KafkaBoost.
type object struct {
	config      S3Config
	bucket, key string // the key of a folder ends in "/"
	logger      hclog.Logger
	timeout     time.Duration
	now         func() time.Time

	client *s3Client // nil until the first Read, and after each that failed
	held   held
	fullAt time.Time // of the last LIST of the whole folder
}

// held is what the last Read that went well has returned.
type held struct {
	entry   entry  // as the LIST had it; only its key for one object
	etag    string // as the GET had it
	version Version
}

var _ Source = (*object)(nil)

// errGone says that an object was in the LIST and isn't there any more.
var errGone = errors.New("the newest object goes away while it is being read: look again when nobody deletes")

func openS3(c Config, logger hclog.Logger) *object {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(c.Source, "s3://"), "/")
	return &object{config: c.S3, bucket: bucket, key: key, logger: logger, timeout: readTimeout, now: time.Now}
}

// Read implements Source.
func (o *object) Read(ctx context.Context, thorough bool) (Version, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	if thorough {
		o.hangUp()
	}
	v, err := o.read(ctx, thorough)
	if err != nil {
		// With the next connection the SDK looks for credentials anew: they may
		// have appeared, or others may stand there.
		o.hangUp()
		o.fullAt = time.Time{} // what the last LIST has found may not have been got
		return Version{}, fmt.Errorf("read settings: %s: %w", o, err)
	}
	return v, nil
}

func (o *object) read(ctx context.Context, thorough bool) (Version, error) {
	if err := o.dial(ctx); err != nil {
		return Version{}, err
	}
	if !o.folder() {
		v, err := o.get(ctx, entry{key: o.key}, thorough)
		if errors.Is(err, errGone) {
			err = errors.New("there is no such object: put the document there, or, where this is a folder, end the source with a slash")
		}
		return v, err
	}
	v, err := o.newest(ctx, thorough, thorough)
	if errors.Is(err, errGone) {
		v, err = o.newest(ctx, true, thorough)
	}
	return v, err
}

func (o *object) dial(ctx context.Context) error {
	if o.client != nil {
		return nil
	}
	client, err := dialS3(ctx, o.config, o.logger)
	if err != nil {
		return err
	}
	o.client = client
	return nil
}

// newest finds the newest version in the folder, and gets it where it isn't the
// one that we have.
func (o *object) newest(ctx context.Context, full, anew bool) (Version, error) {
	var found listing
	var err error
	if full = full || o.held.entry.key == "" || o.now().Sub(o.fullAt) >= fullListEvery; !full {
		if found, err = o.list(ctx, justBefore(o.held.entry.key)); err != nil {
			return Version{}, err
		}
	}
	if full || !found.held {
		if found, err = o.list(ctx, ""); err != nil {
			return Version{}, err
		}
		o.fullAt = o.now()
	}
	if o.held.entry.key != "" && !found.held && found.newest.older(o.held.entry) {
		// The newest has been deleted, or this list is a stale one: ask for it.
		v, err := o.get(ctx, o.held.entry, anew)
		if !errors.Is(err, errGone) {
			return v, err
		}
		o.held = held{}
	}
	switch same := found.newest == o.held.entry; {
	case found.newest.key == "":
		return Version{}, found.empty()
	case same && found.newest.etag != "" && !anew:
		return o.held.version, nil
	}
	return o.get(ctx, found.newest, anew)
}

// get gets an object, unless it is the one that we have. Where it isn't there the
// error is errGone.
func (o *object) get(ctx context.Context, e entry, anew bool) (Version, error) {
	if e.size > priority.MaxDocument {
		return Version{}, o.tooLarge(e.key)
	}
	in := &s3.GetObjectInput{Bucket: &o.bucket, Key: &e.key}
	conditional := !anew && o.held.etag != "" && o.held.entry.key == e.key
	if conditional {
		in.IfNoneMatch = &o.held.etag
	}
	out, err := o.client.GetObject(ctx, in)
	switch code, status := answer(err); {
	case status == http.StatusNotModified && conditional:
		o.held.entry = e
		return o.held.version, nil
	case code == "NoSuchKey", status == http.StatusNotFound && code == "NotFound":
		return Version{}, errGone
	case err != nil:
		return Version{}, o.explain(ctx, err, "s3:GetObject", e.key)
	}
	defer out.Body.Close()
	if encoding := value(out.ContentEncoding); encoding != "" && !strings.HasPrefix(encoding, "aws-chunked") && encoding != "identity" {
		return Version{}, fmt.Errorf("%s is stored with the content encoding %.20q: store it as plain JSON", e.key, encoding)
	}
	data, err := io.ReadAll(io.LimitReader(out.Body, priority.MaxDocument+1))
	if err != nil {
		return Version{}, o.explain(ctx, err, "s3:GetObject", e.key)
	}
	if len(data) > priority.MaxDocument {
		return Version{}, o.tooLarge(e.key)
	}
	o.held = held{entry: e, etag: value(out.ETag), version: Version{
		Data: data, Name: e.key[strings.LastIndex(e.key, "/")+1:], Place: "s3://" + o.bucket + "/" + e.key}}
	return o.held.version, nil
}

func (o *object) tooLarge(key string) error {
	return fmt.Errorf("%s is larger than %d bytes, which no settings document may be", key, priority.MaxDocument)
}

func (o *object) folder() bool { return strings.HasSuffix(o.key, "/") }

// Changed implements Source: S3 doesn't tell.
func (o *object) Changed() <-chan struct{} { return nil }

func (o *object) String() string { return "s3://" + o.bucket + "/" + o.key }

// Close implements Source.
func (o *object) Close() error {
	o.hangUp()
	return nil
}

func (o *object) hangUp() {
	if o.client != nil {
		o.client.http.CloseIdleConnections()
		o.client = nil
	}
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

package configwatch

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // what S3 makes ETags of
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Objects with new names never exclude each other, so who pushes changes the head
// first, if nobody else has: that claims the right to put the next version, whose
// name stands in the head. Who dies in between holds up the others for claimLease.
// Then another claims the same name: a name can be put once, so of the two, should
// the first come to life again, one wins, and the other sees it.

const (
	// headName is the object that has the name of the last version that was pushed.
	headName = "boostd-head.json"
	// claimLease is how long others wait for a version that was claimed, claimTime
	// how long its push tries. After claimLife the server takes no request of that
	// time any more, whose signature is too old, and the name isn't needed.
	claimLease = 5 * time.Second
	claimTime  = 20 * time.Second
	claimLife  = 20 * time.Minute
	// claimWait is the time between two looks at another's claim, or for the
	// server's next second.
	claimWait = 300 * time.Millisecond
	// maxAhead is how far the newest version's time may be ahead of the server's
	// clock. S3 itself sets both.
	maxAhead = 10 * time.Second
	// maxLooks is how often the head is read where text and ETag don't fit.
	maxLooks, lookWait = 5, 50 * time.Millisecond
	// maxHead bounds the head in bytes.
	maxHead = 4096
)

var (
	// errClaimed says that somebody else is pushing.
	errClaimed = errors.New("somebody else changes the settings at this moment: try again in a minute")
	// errSecond says that a version that is put now wouldn't be the newest, for S3
	// counts in seconds.
	errSecond = errors.New("a version of this second stays the newest: try again in a minute")
)

// head is the object headName.
type head struct {
	// Version is the object that was put after this one, or is being put.
	Version string `json:"version"`
	By      string `json:"by"`
	// Claim is no other head's.
	Claim string `json:"claim"`

	etag string        // empty: there is no head
	age  time.Duration // by the server's clock
}

// pending reports whether its version, which isn't there, should come any moment.
func (d head) pending() bool { return d.age < claimLease }

// mayCome reports whether that could still be.
func (d head) mayCome() bool {
	_, err := versionAt(d.Version)
	return err == nil && isVersion(d.Version) && d.age < claimLife
}

// pushing is one push.
type pushing struct {
	*objectHistory

	o    *object
	data []byte
	base string
	note Note
	made Entry // what it has put, and wasn't the newest when it looked
}

// Push implements History.
func (h *objectHistory) Push(ctx context.Context, data []byte, base string, note Note) (Entry, error) {
	o, err := h.open(ctx)
	if err != nil {
		return Entry{}, err
	}
	defer o.hangUp()
	p := &pushing{objectHistory: h, o: o, data: data, base: base, note: note.cut()}
	for {
		e, err := p.try(ctx)
		if !errors.Is(err, errClaimed) && !errors.Is(err, errSecond) {
			return e, err
		}
		select {
		case <-ctx.Done():
			return Entry{}, err
		case <-time.After(claimWait):
		}
	}
}

// try looks at the head before the current version: whoever pushes in between
// changes the head, and the claim fails.
func (p *pushing) try(ctx context.Context) (Entry, error) {
	d, err := p.head(ctx, p.o)
	if err != nil {
		return Entry{}, err
	}
	now, err := look(ctx, p.o, d)
	switch {
	case errors.Is(err, errGone): // deleted as we looked
		return Entry{}, errClaimed
	case err != nil:
		return Entry{}, err
	case !now.there && d.pending():
		return Entry{}, errClaimed
	case p.made.Name != "" && now.Name == p.made.Name:
		return p.made, nil
	case now.Hash != p.base:
		return Entry{}, Conflict{now.Entry, now.data}
	}
	name := versionName(p.now(), now.Name)
	if !now.there && d.mayCome() {
		name = d.Version
	}
	if err := now.letsCome(name); err != nil {
		return Entry{}, err
	}
	within, cancel := context.WithTimeout(ctx, claimTime)
	defer cancel()
	if err := claim(within, p.o, d, head{Version: name, By: p.note.By, Claim: rand.Text()}); err != nil {
		return Entry{}, err
	}
	if err := put(within, p.o, name, p.data, p.note); err != nil {
		return Entry{}, err
	}
	p.made = Entry{Name: name, Hash: Hash(p.data), At: p.now().UTC(), Current: true, Note: p.note}
	return p.settled(within, now)
}

// letsCome reports whether a version of that name that is put now will be the newest.
func (s standing) letsCome(name string) error {
	if s.Name == "" || s.clock.IsZero() {
		return nil
	}
	switch ahead := s.At.Sub(s.clock.Truncate(time.Second)); {
	case ahead > maxAhead:
		return fmt.Errorf("version %s is %v ahead of the server's clock, and would stay the newest: delete it, or wait", s.Name, ahead)
	case ahead > 0 || ahead == 0 && name <= s.Name:
		return errSecond
	}
	return nil
}

// settled checks that what was put is the newest. Where the old version still is, as
// after a clock that went back, the push begins anew.
func (p *pushing) settled(ctx context.Context, was standing) (Entry, error) {
	now, err := look(ctx, p.o, head{})
	switch {
	case err != nil:
		return Entry{}, fmt.Errorf("version %s is written; look whether it is the newest: %w", p.made.Name, err)
	case now.Name == p.made.Name:
		return p.made, nil
	case now.Name == was.Name && now.Hash == was.Hash:
		return Entry{}, errSecond
	}
	return Entry{}, Conflict{now.Entry, now.data} // by hands that know no head
}

// head reads the head; the zero value is that of a folder without one. Not every
// server that speaks S3 gives text and ETag of one moment, and with an ETag that is
// newer than its text two could claim one after the other what was one's: so it
// looks again where the ETag isn't the text's MD5, which it is but for encryption.
func (h *objectHistory) head(ctx context.Context, o *object) (head, error) {
	for n := 1; ; n++ {
		d, text, err := h.readHead(ctx, o)
		if err != nil {
			return head{}, fmt.Errorf("read settings %s: %w", o, err)
		}
		sum := md5.Sum(text) //nolint:gosec // see above
		if d.etag == "" || strings.Trim(d.etag, `"`) == hex.EncodeToString(sum[:]) || n == maxLooks {
			return d, nil
		}
		select {
		case <-ctx.Done():
			return head{}, errClaimed
		case <-time.After(lookWait):
		}
	}
}

func (h *objectHistory) readHead(ctx context.Context, o *object) (d head, text []byte, err error) {
	key := o.key + headName
	out, err := o.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.bucket, Key: &key})
	if code, status := answer(err); code == "NoSuchKey" || code != "NoSuchBucket" && status == http.StatusNotFound {
		return head{}, nil, nil
	}
	if err != nil {
		return head{}, nil, o.explain(ctx, err, "s3:GetObject", key)
	}
	defer out.Body.Close()
	if text, err = io.ReadAll(io.LimitReader(out.Body, maxHead)); err != nil {
		return head{}, nil, o.explain(ctx, err, "s3:GetObject", key)
	}
	if json.Unmarshal(text, &d) != nil {
		d = head{} // what is no head is replaced
	}
	d.etag, d.age = value(out.ETag), claimLease // without times it must not be pending for ever
	if out.LastModified == nil {
		return d, text, nil
	}
	now, ok := middleware.GetServerTime(out.ResultMetadata)
	if !ok {
		now = h.now()
	}
	d.age = max(0, now.Sub(*out.LastModified))
	return d, text, nil
}

// claim changes the head, if it is still the one that was read. When the answer was
// lost, and the second try was refused, the head is ours all the same.
func claim(ctx context.Context, o *object, was, next head) error {
	text, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("write settings %s: %w", o, err)
	}
	key := o.key + headName
	in := &s3.PutObjectInput{Bucket: &o.bucket, Key: &key, Body: bytes.NewReader(text), ContentType: aws.String("application/json")}
	if was.etag == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = &was.etag
	}
	_, err = o.client.PutObject(ctx, in)
	switch {
	case err == nil:
		return nil
	case !refusedCondition(err):
		return fmt.Errorf("write settings %s: %w", o, o.explainWrite(ctx, err, key))
	}
	v, err := o.get(ctx, entry{key: key}, true)
	if err == nil && bytes.Equal(v.Data, text) {
		return nil
	}
	return errClaimed
}

// refusedCondition knows the answers to If-Match and If-None-Match.
func refusedCondition(err error) bool {
	code, status := answer(err)
	return status == http.StatusPreconditionFailed || status == http.StatusConflict || code == "NoSuchKey"
}

// explainWrite says why S3 hasn't written.
func (o *object) explainWrite(ctx context.Context, err error, key string) error {
	if _, status := answer(err); status == http.StatusNotImplemented {
		return errors.New("the server can't write on a condition (If-Match), which keeps two editors apart: write the settings there by its own means")
	}
	return o.explain(ctx, err, "s3:PutObject", key)
}

package configwatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// fullListEvery is the time between two looks at a folder's every key.
const fullListEvery = 10 * time.Minute

// entry is an object as a LIST has it. Two that are equal are the same version,
// where there is an ETag.
type entry struct {
	key, etag string
	size      int64
	modified  int64 // in Unix nanoseconds, of whole seconds
}

// older says which of two versions counts: what was written later, and of those
// of one second, which is all that S3 knows, the one whose key sorts higher.
func (e entry) older(than entry) bool {
	return cmp.Or(cmp.Compare(e.modified, than.modified), cmp.Compare(e.key, than.key)) < 0
}

// listing is what a LIST has shown; of the keys only the newest is kept.
type listing struct {
	newest  entry
	held    bool // the object that we have is in it
	folders bool
}

// list lists what is directly in the folder, from behind a key on.
func (o *object) list(ctx context.Context, after string) (found listing, err error) {
	found.folders, err = o.walk(ctx, after, func(e entry) { found.add(e, o.held.entry.key) })
	return found, err
}

// walk visits the versions that are directly in the folder, from behind a key on,
// and says whether there are folders in it.
func (o *object) walk(ctx context.Context, after string, visit func(entry)) (folders bool, err error) {
	in := &s3.ListObjectsV2Input{Bucket: &o.bucket, Prefix: &o.key, Delimiter: aws.String("/")}
	if after != "" {
		in.StartAfter = &after
	}
	pages := s3.NewListObjectsV2Paginator(o.client, in, func(p *s3.ListObjectsV2PaginatorOptions) { p.StopOnDuplicateToken = true })
	for n := 0; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		if n > 0 && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return folders, fmt.Errorf("listing the folder takes longer than %v, for there are more than %d objects in it: remove old versions", o.timeout, n*1000)
		}
		if err != nil {
			return folders, o.explain(ctx, err, "s3:ListBucket", "")
		}
		if page.Name == nil { // the SDK takes any answer for an empty list
			return folders, o.stranger()
		}
		folders = folders || len(page.CommonPrefixes) > 0
		for i := range page.Contents {
			if e := o.entry(&page.Contents[i]); e.key != "" {
				visit(e)
			}
		}
	}
	return folders, nil
}

func (l *listing) add(e entry, held string) {
	l.held = l.held || e.key == held
	if l.newest.older(e) {
		l.newest = e
	}
}

// entry is empty for what is no version: another name, or in a folder below.
func (o *object) entry(object *types.Object) entry {
	key := value(object.Key)
	name, inside := strings.CutPrefix(key, o.key)
	if !inside || !isVersion(name) {
		return entry{}
	}
	e := entry{key: key, etag: value(object.ETag)}
	if object.Size != nil {
		e.size = *object.Size
	}
	if object.LastModified != nil {
		e.modified = object.LastModified.UnixNano()
	}
	return e
}

// isVersion knows settings-TIME.json; in the place of a time there may be
// anything that a terminal shows.
func isVersion(name string) bool {
	time, is := strings.CutPrefix(name, "settings-")
	time, ends := strings.CutSuffix(time, ".json")
	return is && ends && time != "" && !strings.Contains(time, "/") && !strings.ContainsFunc(time, unicode.IsControl)
}

// justBefore is a key between which and this one no other version can be: so a
// LIST from there on begins with this one.
func justBefore(key string) string { return key[:len(key)-1] }

// empty says why there is no version in the folder.
func (l *listing) empty() error {
	const want = "there is no settings-TIME.json directly in this folder"
	if l.folders {
		return errors.New(want + ", only other folders: is the user's own missing at the end of the source?")
	}
	return errors.New(want + ": put the document there, such as settings-2026-01-31T12:00:00Z.json, or look for a slip in the source")
}

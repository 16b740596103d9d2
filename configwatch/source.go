package configwatch

import (
	"context"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Version is one version of the settings document.
type Version struct {
	// Data is the document as its source has it, at most priority.MaxDocument bytes.
	// Nobody changes it.
	Data []byte
	// Name is what people call the version: when a file was written, in UTC; an
	// object's key without its folder; an ETag. Empty when there is none.
	Name string
	// Place is where it is: a path, s3://BUCKET/KEY, an address. For errors.
	Place string
}

// Source yields versions of one document; who writes it is none of its business.
// Its methods are called by one goroutine at a time.
type Source interface {
	// Read returns the version that is current, whether or not it is another than
	// last time. It asks a server for no more than it must: where nothing has
	// changed it returns what it had. With thorough it looks at everything anew, as
	// somebody who asks by hand wants it. It ends soon after ctx does, and never
	// takes longer than readTimeout. The error says what, where, and what to do.
	Read(ctx context.Context, thorough bool) (Version, error)
	// Changed has something when there may be another version, sooner than the next
	// look would find it; nil where the source can't tell. The same channel always.
	Changed() <-chan struct{}
	// String is what status and logs call the source; there are no secrets in it.
	String() string
	// Close ends what the source has begun.
	Close() error
}

// readTimeout bounds one Read with everything in it.
const readTimeout = 10 * time.Second

// Open makes the source that a valid Config names; dir is the folder of
// boostd.yaml. Nothing is read, and no server is asked. The error is one of
// boostd.yaml's making.
func Open(c Config, dir string, logger hclog.Logger) (Source, error) {
	switch c.scheme() {
	case schemeS3:
		return openS3(c, logger), nil
	case schemeHTTPS, schemeH:
		return openHTTPS(c, dir)
	}
	return openFile(c.path(dir), logger), nil
}

package daemon

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/priority"
)

// document is a settings document that was good when it was read.
type document struct {
	settings *priority.Settings
	data     []byte // as it was read; nil where there was no text
	hash     string // SHA-256, hexadecimal
	version  string // the source's own name of it
	loaded   time.Time
}

func newDocument(settings *priority.Settings, data []byte, version string) document {
	return document{settings, data, configwatch.Hash(data), version, time.Now()}
}

// inForce are the settings that the daemon runs with. Safe from any goroutine.
type inForce struct {
	mu       sync.Mutex
	document document
	resolver atomic.Pointer[priority.Resolver] // read for every message
	checked  time.Time                         // the last good look at the source
	err      string                            // of the last look
	told     string                            // the last error that was logged
}

// current are the settings, nil before there are any.
func (f *inForce) current() *priority.Settings {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.document.settings
}

// put makes a document the one in force. A copy keeps the time of its first.
func (f *inForce) put(doc document) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.document = doc
	f.resolver.Store(priority.NewResolver(doc.settings))
}

// looked notes the outcome of a look at the source, and reports whether its error
// is news.
func (f *inForce) looked(err error) (news bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		f.checked, f.err, f.told = time.Now(), "", ""
		return false
	}
	news = f.told != err.Error()
	f.err, f.told = err.Error(), err.Error()
	return news
}

func (f *inForce) get() (doc document, checked time.Time, err string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.document, f.checked, f.err
}

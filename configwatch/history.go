package configwatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"
)

// History keeps the versions of one document, and lets people add some. Its
// methods are safe from any goroutine, and from any process at the same time.
type History interface {
	// List returns the versions, newest first; the current one is among them, also
	// where it was put there by other hands.
	List(ctx context.Context) ([]Entry, error)
	// Get returns a version's document by its name. The error wraps ErrNoVersion
	// where there is none.
	Get(ctx context.Context, name string) (Version, error)
	// Push makes data the current version, if base is still the hash of the current
	// one; it is empty where there is none yet. Otherwise the error is a Conflict,
	// and nothing has changed. After a crash at any point the current version is
	// the old one or the new one, whole.
	Push(ctx context.Context, data []byte, base string, note Note) (Entry, error)
}

// OpenHistory makes the history of the document that a valid Config names; dir is
// the folder of boostd.yaml. Nothing is read, and no server is asked.
func OpenHistory(c Config, dir string, logger hclog.Logger) (History, error) {
	switch c.scheme() {
	case schemeFile:
		return openFileHistory(c.path(dir))
	case schemeS3:
		return openObjectHistory(c, logger)
	}
	return nil, errors.New("settings over https have no history, and can't be written: change them where they come from")
}

// Note says who made a version, and why. Both may be empty, and are cut to 200
// characters.
type Note struct {
	By      string `json:"by"`
	Comment string `json:"comment"`
}

// Entry is one version in a history.
type Entry struct {
	// Name is what Get takes, and what the source calls the version.
	Name string `json:"version"`
	// Hash is the document's SHA-256, hexadecimal.
	Hash string `json:"hash"`
	// At is when it was made.
	At time.Time `json:"at"`
	// Current: it is what the source yields.
	Current bool `json:"current"`
	Note
}

// Conflict says that the current version isn't the one that a push was made from.
type Conflict struct {
	// Current is that version, with its document; without a Name where there is none.
	Current Entry
	Data    []byte
}

// Error implements error.
func (c Conflict) Error() string {
	if c.Current.Hash == "" {
		return "there is no version to change: it was deleted"
	}
	by := ""
	if c.Current.By != "" {
		by = " by " + c.Current.By
	}
	return fmt.Sprintf("the settings were changed meanwhile: version %s%s at %s", c.Current.Name, by, c.Current.At.UTC().Format(time.RFC3339))
}

// ErrNoVersion says that a history has no version of a name.
var ErrNoVersion = errors.New("there is no such version: `boostd settings history` lists them")

// Hash is a document's hash as entries and status have it.
func Hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// versionTime is how names of versions have their time: as the seed's web page
// writes it, so that names sort by age.
const versionTime = "2006-01-02T15:04:05.000Z"

// maxNote bounds a note's texts in characters.
const maxNote = 200

// cut bounds the texts.
func (n Note) cut() Note {
	short := func(s string) string {
		if r := []rune(s); len(r) > maxNote {
			return string(r[:maxNote])
		}
		return s
	}
	return Note{short(n.By), short(n.Comment)}
}

// versionName is the name of a version that is made now. It is behind the last one,
// whatever the clocks say.
func versionName(now time.Time, last string) string {
	now = now.Truncate(time.Millisecond)
	if at, err := versionAt(last); err == nil && !now.After(at) {
		now = at.Add(time.Millisecond)
	}
	return "settings-" + now.UTC().Format(versionTime) + ".json"
}

// versionAt is when a version was made, by its name.
func versionAt(name string) (time.Time, error) {
	return time.Parse("settings-"+versionTime+".json", name)
}

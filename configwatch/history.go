package configwatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
)

// History keeps the versions of one document, and lets people add some. Its
// methods are safe from any goroutine, and from any process at the same time.
type History interface {
	// List returns the newest versions, newest first, at most 1,000 of a file and 100
	// in S3; the current one is among them, also where it was put there by other
	// hands.
	List(ctx context.Context) ([]Entry, error)
	// Current returns the current version with its document; without a Hash where
	// there is none.
	Current(ctx context.Context) (Entry, []byte, error)
	// Get returns a version's document by its name, however old it is. The error
	// wraps ErrNoVersion where there is none.
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
	// Hash is the document's SHA-256, hexadecimal; empty where it can't be read.
	Hash string `json:"hash"`
	// Problem says why it can't.
	Problem string `json:"problem,omitempty"`
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
		by = " by " + short(c.Current.By) // somebody else's text
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
func (n Note) cut() Note { return Note{clip(n.By), clip(n.Comment)} }

func clip(s string) string {
	if r := []rune(s); len(r) > maxNote {
		return string(r[:maxNote])
	}
	return s
}

// versionName is the name of a version that is made now. It sorts behind the last
// one's, whatever the clocks say, where that has a time in UTC.
func versionName(now time.Time, last string) string {
	at, err := versionAt(last)
	if name := nameAt(now); err != nil || name > last {
		return name
	}
	// A millisecond later isn't behind a name that has none: "…00.001Z" sorts before
	// "…00Z".
	for _, step := range []time.Duration{time.Millisecond, time.Second} {
		if name := nameAt(at.Add(step)); name > last {
			return name
		}
	}
	return nameAt(now) // the last one's is at the end of all times
}

func nameAt(at time.Time) string { return "settings-" + at.UTC().Format(versionTime) + ".json" }

// versionAt is when a version was made, by its name: as we and the seed's web page
// write it, or as other programs write times in UTC.
func versionAt(name string) (at time.Time, err error) {
	text := strings.TrimSuffix(strings.TrimPrefix(name, "settings-"), ".json")
	for _, layout := range []string{versionTime, "2006-01-02T15:04:05Z", "2006-01-02T15:04:05"} { // a fraction may follow the seconds
		if at, err = time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, err
}

package daemon

import (
	"fmt"
	"time"

	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/priority"
)

// copyFile is the state file of the last good settings.
const copyFile = "settings.json"

// lastGood are the settings that came into force last, as state_dir keeps them.
type lastGood struct {
	// Source is where they were from: those of another are not taken.
	Source  string    `json:"source"`
	Version string    `json:"version"`
	Hash    string    `json:"hash"`
	Loaded  time.Time `json:"loaded_at"`
	Data    []byte    `json:"data"` // base64
}

func (d *Daemon) saveCopy(doc document) error {
	return d.state.save(copyFile, lastGood{Source: d.sourceName(), Version: doc.version, Hash: doc.hash, Loaded: doc.loaded, Data: doc.data})
}

// loadCopy returns no settings where there is no copy, or one of another source.
func (d *Daemon) loadCopy() (document, error) {
	var last lastGood
	if err := d.state.load(copyFile, &last); err != nil || last.Source != d.sourceName() {
		return document{}, err
	}
	if hash := configwatch.Hash(last.Data); hash != last.Hash {
		return document{}, fmt.Errorf("read state %s: its document has hash %.12s, not %.12s", copyFile, hash, last.Hash)
	}
	settings, _, err := priority.Parse(last.Data)
	if err == nil {
		err = checkPolicies(d.file(), settings)
	}
	if err != nil {
		return document{}, fmt.Errorf("read state %s: %w", copyFile, err)
	}
	return document{settings, last.Data, last.Hash, last.Version, last.Loaded}, nil
}

func (d *Daemon) sourceName() string { return console.WithoutSecrets(d.file().Settings.Source) }

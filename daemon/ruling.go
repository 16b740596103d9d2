package daemon

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/kafkaboost/boostd/conf"
)

// ruling is what a daemon goes by: its boostd.yaml and the settings document, which
// are validated together.
type ruling struct {
	file     *conf.File
	document document
}

// ruling is the one in force. It changes only in the hands of who has the right to
// reload.
func (d *Daemon) ruling() ruling {
	now, _, _ := d.settings.get()
	return ruling{d.file(), now}
}

// otherFile reports whether the two have files that were read at different times and
// don't say the same.
func (r ruling) otherFile(o ruling) bool { return r.file != o.file }

func (r ruling) otherDocument(o ruling) bool { return r.document.hash != o.document.hash }

// errFile says that boostd.yaml was read and can't be put into force.
var errFile = errors.New("boostd.yaml is refused")

// refusedFile is an errFile with the text of its reason.
type refusedFile struct{ error }

func (r refusedFile) Is(target error) bool { return target == errFile }
func (r refusedFile) Unwrap() error        { return r.error }

// reread reads boostd.yaml. The file in force is returned where it says the same; one
// of which anything needs a restart is refused as a whole.
func (d *Daemon) reread() (*conf.File, error) {
	old := d.file()
	if d.options.Reread == nil {
		return old, nil
	}
	loaded, err := d.options.Reread()
	if err != nil {
		return nil, refusedFile{err}
	}
	change := conf.Compare(old, loaded.File)
	if err := change.Err(); err != nil {
		return nil, refusedFile{fmt.Errorf("%s: %w", old.Path, err)}
	}
	if change.None() {
		return old, nil
	}
	for _, w := range loaded.Warnings {
		d.logger.Warn("configuration", "note", w.String())
	}
	return loaded.File, nil
}

// readRuling reads what there is to read: boostd.yaml, where that is asked for too,
// and the document under it. late is why the document can't be had: then the one in
// force counts with the other file.
func (d *Daemon) readRuling(ctx context.Context, old ruling, all bool) (next ruling, late, err error) {
	next = old
	if all {
		if next.file, err = d.reread(); err != nil {
			return old, nil, err
		}
	}
	if d.source != nil {
		next.document, err = d.readSettings(ctx, all, next.file)
		switch {
		case err == nil:
		case errors.Is(err, errDocument) || !next.otherFile(old):
			return next, nil, err
		default:
			next.document, late = old.document, err
		}
	}
	if next.otherFile(old) && !next.otherDocument(old) { // otherwise it was checked with the document
		if err := checkPolicies(next.file, next.document.settings); err != nil {
			return next, late, refusedFile{fmt.Errorf("%s: %w", next.file.Path, err)}
		}
	}
	return next, late, nil
}

// fileName is what alarms call boostd.yaml.
func (d *Daemon) fileName() string { return filepath.Base(d.file().Path) }

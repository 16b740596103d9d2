package plugins

import (
	"os"
	"slices"
	"syscall"
	"time"
)

// fileWatch notices that a plugin's files are other ones, and whole: they have to stay
// the same for one look more.
type fileWatch struct {
	paths          []string
	used, now, was []stamp
}

// stamp is what differs between two files at one place, zero for none.
type stamp struct {
	device, inode uint64
	size          int64
	modified      time.Time
}

func stampOf(path string) (s stamp) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.device, s.inode = sys.Dev, sys.Ino
	}
	s.size, s.modified = info.Size(), info.ModTime()
	return s
}

func (f *fileWatch) stamps() (all []stamp) {
	for _, path := range f.paths {
		all = append(all, stampOf(path))
	}
	return all
}

// look takes the files for those that are used.
func (f *fileWatch) look() { f.used = f.stamps() }

// changed reports whether others are to be used. While one is missing what runs goes
// on.
func (f *fileWatch) changed() bool {
	f.was, f.now = f.now, f.stamps()
	return !slices.Equal(f.now, f.used) && slices.Equal(f.now, f.was) && !slices.Contains(f.now, stamp{})
}

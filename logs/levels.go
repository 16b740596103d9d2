package logs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"
)

// Rooms are the parts of the daemon whose loggers can have a level of their own:
// the first name below boostd in a line.
var Rooms = []string{"actors", "audit", "console", "consumer", "handler", "kafka", "probe", "producer", "scheduler", "worker"}

// Levels are the levels of the rooms' loggers. Safe from any goroutine.
type Levels struct {
	mu    sync.Mutex
	rest  atomic.Int32 // of all rooms without a level of their own
	rooms map[string]*roomLevel
}

// roomLevel is read at each line, and so without a lock.
type roomLevel struct {
	own  atomic.Int32 // hclog.NoLevel: none of its own
	rest *atomic.Int32
}

func (r *roomLevel) get() hclog.Level {
	if own := hclog.Level(r.own.Load()); own != hclog.NoLevel {
		return own
	}
	return hclog.Level(r.rest.Load())
}

func newLevels(rest hclog.Level) *Levels {
	l := &Levels{rooms: map[string]*roomLevel{}}
	l.rest.Store(int32(rest))
	return l
}

// room is the level of a room, "" for what belongs to none.
func (l *Levels) room(name string) *roomLevel {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.rooms[name]
	if r == nil {
		r = &roomLevel{rest: &l.rest}
		r.own.Store(int32(hclog.NoLevel))
		l.rooms[name] = r
	}
	return r
}

// Levels are the levels that were set: of rooms, and under "" of all others.
func (l *Levels) Levels() map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[string]string{"": hclog.Level(l.rest.Load()).String()}
	for name, r := range l.rooms {
		if own := hclog.Level(r.own.Load()); own != hclog.NoLevel {
			all[name] = own.String()
		}
	}
	return all
}

// SetLevel sets the level of a room, or with "" that of all rooms without one of
// their own. It fails for a room or a level that there isn't.
func (l *Levels) SetLevel(room, level string) error {
	parsed, err := parse(level)
	if err != nil {
		return err
	}
	if room == "" {
		l.rest.Store(int32(parsed))
		return nil
	}
	if !slices.Contains(Rooms, room) {
		return fmt.Errorf("there is no room %q: want one of %s", room, strings.Join(Rooms, ", "))
	}
	l.room(room).own.Store(int32(parsed))
	return nil
}

func parse(level string) (hclog.Level, error) {
	if !slices.Contains(levels, level) {
		return hclog.NoLevel, fmt.Errorf("%q: want one of %s", level, strings.Join(levels, ", "))
	}
	return hclog.LevelFromString(level), nil
}

// apply sets what a configuration asks for.
func (l *Levels) apply(rooms map[string]string) error {
	for _, room := range slices.Sorted(maps.Keys(rooms)) {
		if err := l.SetLevel(room, rooms[room]); err != nil {
			return err
		}
	}
	return nil
}

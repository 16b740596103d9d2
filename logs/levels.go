package logs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/suggest"
)

// Rooms are the parts of the daemon whose loggers can have a level of their own:
// the first name below boostd in a line.
var Rooms = []string{
	"actors",      // the actor system's own inner life
	"audit",       // the audit files
	"console",     // control socket, HTTP and who has changed something by hand
	"consumer",    // each consumer's assignments and batches
	"deadletters", // messages on their way to a dead letter topic
	"forward",     // messages on their way to another topic
	"handler",     // handlers, and what their programs write to their logs
	"kafka",       // connections, commits, and what the Kafka client logs
	"probe",       // how much waits in the brokers
	"producer",    // what is sent to Kafka
	"scheduler",   // the gate: each change with its reason
	"settings",    // where the settings come from, and that they have changed
	"tracing",     // spans that were lost
	"worker",      // slots and the results of messages
}

// Levels are the levels of the rooms' loggers. Safe from any goroutine.
type Levels struct {
	rest  atomic.Int32 // of all rooms without a level of their own
	mu    sync.Mutex
	rooms map[string]*roomLevel // only with mu; what it points to is shared with the loggers
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

// room is the level of a room.
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
	if err := checkRoom(room); err != nil {
		return err
	}
	l.room(room).own.Store(int32(parsed))
	return nil
}

// ClearLevel takes the level of its own from a room: it has that of all others again.
// It fails for a room that there isn't.
func (l *Levels) ClearLevel(room string) error {
	if err := checkRoom(room); err != nil {
		return err
	}
	l.room(room).own.Store(int32(hclog.NoLevel))
	return nil
}

// Change sets the levels of which two sections differ, old and next, and no others:
// somebody may have set those meanwhile. Both sections are valid.
func (l *Levels) Change(old, next Config) error {
	var errs []error
	if old.Level != next.Level {
		errs = append(errs, l.SetLevel("", next.Level))
	}
	for _, room := range slices.Sorted(maps.Keys(old.Rooms)) {
		if next.Rooms[room] == "" {
			errs = append(errs, l.ClearLevel(room))
		}
	}
	for _, room := range slices.Sorted(maps.Keys(next.Rooms)) {
		if level := next.Rooms[room]; level != old.Rooms[room] {
			errs = append(errs, l.SetLevel(room, level))
		}
	}
	return errors.Join(errs...)
}

func parse(level string) (hclog.Level, error) {
	if err := CheckLevel(level); err != nil {
		return hclog.NoLevel, fmt.Errorf("level %w", err)
	}
	return hclog.LevelFromString(level), nil
}

// CheckLevel fails for a word that is no level.
func CheckLevel(level string) error {
	if slices.Contains(levels, level) {
		return nil
	}
	return fmt.Errorf("%.40q: want trace, debug, info, warn or error%s", level, suggest.DidYouMean(level, levels, edits))
}

func checkRoom(room string) error {
	if slices.Contains(Rooms, room) {
		return nil
	}
	return fmt.Errorf("there is no room %.40q: want one of %s%s", room, strings.Join(Rooms, ", "), suggest.DidYouMean(room, Rooms, edits))
}

// edits is how many letters a misspelt name may be off.
const edits = 2

// apply sets what a configuration asks for.
func (l *Levels) apply(rooms map[string]string) error {
	for _, room := range slices.Sorted(maps.Keys(rooms)) {
		if err := l.SetLevel(room, rooms[room]); err != nil {
			return err
		}
	}
	return nil
}

package console

import (
	"context"
	"errors"
	"time"
)

// Daemon is what the console shows and changes. Its methods are safe from any
// goroutine and return when ctx ends.
type Daemon interface {
	// Status is a picture of now, at most a tenth of a second old. Its slices
	// are shared: nobody changes them.
	Status(ctx context.Context) (*Status, error)
	// Live is nil while all loops turn; otherwise it names one that doesn't.
	Live() error
	// Ready is nil when good settings are in force, every consumer has joined its
	// group, and brokers let us in; otherwise it says what is missing.
	Ready() error
	// PauseLevel pauses a level by hand, or changes such a pause. The error wraps
	// ErrNotFound for a level that there isn't.
	PauseLevel(ctx context.Context, p PauseRequest) (Pause, error)
	// ResumeLevel ends it. The error wraps ErrNotFound when it wasn't paused.
	ResumeLevel(ctx context.Context, level int, by string) error
	// Reload reads the settings at once. The error is why the document was
	// refused, or that it needs a restart; then the old settings stay.
	Reload(ctx context.Context) (Reloaded, error)
}

// LogLevels are the levels of the rooms' loggers. The room "" stands for all
// that have none of their own.
type LogLevels interface {
	Levels() map[string]string
	// SetLevel fails for a room or a level that there isn't.
	SetLevel(room, level string) error
}

// PauseRequest asks for a pause. For is zero for one without an end.
type PauseRequest struct {
	Level int
	By    string
	Why   string
	For   time.Duration
}

// Reloaded is the outcome of a reload.
type Reloaded struct {
	Changed bool   `json:"changed"`
	Hash    string `json:"hash"`
	Text    string `json:"text"` // what changed, for people
}

// ErrNotFound says that what was asked for doesn't exist.
var ErrNotFound = errors.New("not found")

package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// DefaultPatience is Options.Patience where it is 0.
	DefaultPatience = 30 * time.Second
	// defaultGrace is how long results may take once their messages are given up.
	defaultGrace = 5 * time.Second
	// soon is how long what should be there at once may take.
	soon = time.Second
	// killAfter is what boostd waits between SIGTERM and SIGKILL.
	killAfter = 2 * time.Second
)

// Options are what to try.
type Options struct {
	// Path is the program, absolute or relative to the working directory.
	Path string
	// Args are its arguments.
	Args []string
	// Settings are the handler's own, as in boostd.yaml.
	Settings map[string]string
	// Behaviour looks at the results, too: for handlers that do what values say.
	Behaviour bool
	// Patience is how long the messages of one case may take to be handled.
	Patience time.Duration

	grace time.Duration // defaultGrace, but in tests
}

// Result is what one case has come to.
type Result struct {
	Case string `json:"case"`
	OK   bool   `json:"ok"`
	// Problem and Advice are empty when it is OK; Advice may be empty then, too.
	Problem string `json:"problem,omitempty"`
	Advice  string `json:"advice,omitempty"`
	// Output are the last lines of the plugin's standard error, of a case that failed.
	Output string `json:"output,omitempty"`
	// TookMs is how long it took, in milliseconds.
	TookMs int64 `json:"took_ms"`
}

// problem is what isn't as it should be, and what to do about it.
type problem struct{ text, advice string }

func (p *problem) Error() string { return p.text }

func wrong(advice, format string, args ...any) error {
	return &problem{fmt.Sprintf(format, args...), advice}
}

// testCase is one thing to try.
type testCase struct {
	name string
	try  func(ctx context.Context, s *suite) error
}

// suite is one run. Its cases share a plugin, which is started again for the next one
// when a case has ended it.
type suite struct {
	Options

	t      *target // nil when there is none
	ended  bool    // a case has ended it on purpose, and the next one looks at what is left
	nextID uint64
}

// Run tries the plugin and tells every result to each as it comes. When the plugin
// doesn't start, the other cases aren't tried. It returns when no process of it is
// left, soon after ctx has ended; the error is then that one of ctx.
func Run(ctx context.Context, o Options, each func(Result)) error {
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	if o.grace == 0 {
		o.grace = defaultGrace
	}
	s := &suite{Options: o}
	defer s.end()
	for i, c := range s.cases() {
		began := time.Now()
		err := s.try(ctx, c)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r := Result{Case: c.name, OK: err == nil, TookMs: time.Since(began).Milliseconds()}
		if err != nil {
			r.Problem = err.Error()
			r.Output = s.t.lines()
			if p, ok := errors.AsType[*problem](err); ok {
				r.Advice = p.advice
			}
		}
		each(r)
		if err != nil && i < necessary {
			return nil
		}
	}
	return nil
}

func (s *suite) cases() []testCase {
	all := beginning()
	all = append(all, protocol()...)
	if s.Behaviour {
		all = append(all, behaviour()...)
	}
	return append(all, ending()...)
}

// try carries out a case on a plugin that runs, and says so when it doesn't afterwards.
func (s *suite) try(ctx context.Context, c testCase) error {
	ctx, cancel := context.WithTimeout(ctx, s.Patience+s.grace+startTime)
	defer cancel()
	if s.t != nil && s.t.alive() != nil && !s.ended {
		if err := s.restart(ctx, s.Settings); err != nil {
			return fmt.Errorf("start it again after it had ended: %w", err)
		}
	}
	err := c.try(ctx, s)
	if s.t == nil {
		return err
	}
	if err != nil && !s.ended {
		s.t.mayEnd()
	}
	if dead := s.t.alive(); dead != nil && !s.ended {
		return wrong("a plugin lives until boostd ends it: recover from what a message does to it", "%v", errors.Join(err, dead))
	}
	return err
}

// restart gives the next cases a new plugin.
func (s *suite) restart(ctx context.Context, settings map[string]string) error {
	s.end()
	t, err := start(ctx, s.Path, s.Args)
	s.t = t
	if err != nil {
		return err
	}
	return t.startHandler(ctx, settings)
}

func (s *suite) end() {
	if s.t != nil {
		s.t.end()
		s.t, s.ended = nil, false
	}
}

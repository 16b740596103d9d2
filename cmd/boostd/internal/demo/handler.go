package demo

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/plugins"
)

// DefaultHandler takes a millisecond a message, as a quick call of a service does.
const DefaultHandler = "sleep=1ms"

// ParseHandler reads a handler as the flag has it: noop, sleep=1ms,
// sleep=1ms-5ms, http=URL or exec=CMD ARG….
func ParseHandler(text string) (plugins.Config, error) {
	kind, value, given := strings.Cut(text, "=")
	c := plugins.Config{}
	switch {
	case kind == "noop" && !given:
		c.Noop = &plugins.NoopConfig{}
	case kind == "sleep" && value != "":
		sleep, err := parseSleep(value)
		if err != nil {
			return c, fmt.Errorf("handler %q: %w", text, err)
		}
		c.Sleep = &sleep
	case kind == "http" && value != "":
		c.HTTP = value
	case kind == "exec" && strings.TrimSpace(value) != "":
		c.Exec = strings.Fields(value)
	default:
		return c, fmt.Errorf("handler %q: want noop, sleep=1ms, sleep=1ms-5ms, http=URL or exec=CMD ARG…", text)
	}
	c.SetDefaults()
	if err := errors.Join(c.Validate()...); err != nil {
		return c, fmt.Errorf("handler %q: %w", text, err)
	}
	return c, nil
}

func parseSleep(text string) (plugins.SleepConfig, error) {
	low, high, ranged := strings.Cut(text, "-")
	s := plugins.SleepConfig{}
	if err := s.Min.UnmarshalText([]byte(low)); err != nil {
		return s, err
	}
	s.Max = s.Min
	if ranged {
		if err := s.Max.UnmarshalText([]byte(high)); err != nil {
			return s, err
		}
	}
	if s.Max < boostd.Duration(time.Microsecond) {
		return s, fmt.Errorf("a sleep of %s is none: use noop", s.Max)
	}
	return s, nil
}

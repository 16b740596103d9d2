package plugins

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func TestDefaults(t *testing.T) {
	c := Config{Sleep: &SleepConfig{Min: boostd.Duration(time.Second)}}
	c.SetDefaults()
	if c.Slots != 16 || c.Timeout.Std() != 30*time.Second || c.Sleep.Max != c.Sleep.Min ||
		!reflect.DeepEqual(c.Retry, RetryConfig{Attempts: 5, Backoff: boostd.Duration(200 * time.Millisecond), MaxBackoff: boostd.Duration(30 * time.Second)}) {
		t.Errorf("defaults are %+v", c)
	}
	if errs := c.Validate(); errs != nil {
		t.Errorf("defaults are refused: %v", errs)
	}
	short := Config{Noop: &NoopConfig{}, Slots: 1, Retry: RetryConfig{MaxBackoff: boostd.Duration(50 * time.Millisecond)}}
	short.SetDefaults()
	if errs := short.Validate(); errs != nil || short.Slots != 1 || short.Retry.Backoff != short.Retry.MaxBackoff {
		t.Errorf("a short max_backoff alone: %+v, %v", short, errs)
	}
}

func TestKind(t *testing.T) {
	for want, c := range map[string]Config{
		"log": {Log: &LogConfig{}}, "noop": {Noop: &NoopConfig{}}, "sleep": {Sleep: &SleepConfig{}},
		"exec": {Exec: []string{"cat"}}, "http": {HTTP: "http://h"}, "plugin": {Plugin: "p"},
	} {
		if got := c.Kind(); got != want {
			t.Errorf("kind %q, want %q", got, want)
		}
	}
	for _, c := range []Config{{}, {Log: &LogConfig{}, HTTP: "http://h"}} {
		if got := c.Kind(); got != "" {
			t.Errorf("kind %q of %+v, want none", got, c)
		}
	}
}

func TestValidate(t *testing.T) {
	second, day := boostd.Duration(time.Second), boostd.Duration(24*time.Hour)
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no kind", func(c *Config) { c.Noop = nil }, "want exactly one of log, noop, sleep, exec, http"},
		{"two kinds", func(c *Config) { c.Log = &LogConfig{} }, "(log, noop): want exactly one"},
		{"no slots", func(c *Config) { c.Slots = -1 }, "slots: -1: want 1 to 4096"},
		{"many slots", func(c *Config) { c.Slots = 4097 }, "slots: 4097: want 1 to 4096"},
		{"timeout", func(c *Config) { c.Timeout = 5 }, "timeout: 5ns: want 1ms to 24h0m0s"},
		{"long timeout", func(c *Config) { c.Timeout = day + 1 }, "timeout: 24h0m0.000000001s: want"},
		{"attempts", func(c *Config) { c.Retry.Attempts = -2 }, "retry.attempts: -2: want 1 to 1000"},
		{"max_backoff", func(c *Config) { c.Retry.MaxBackoff = day + 1 }, "retry.max_backoff: "},
		{"backoff", func(c *Config) { c.Retry.Backoff = 60 * second }, "retry.backoff: 1m0s: want 1ms to retry.max_backoff (30s)"},
		{"audit", func(c *Config) { c.AuditRequired = true }, "audit_required: true: want a file in audit too"},
		{"sleep", func(c *Config) { c.Noop, c.Sleep = nil, &SleepConfig{Min: 2 * second, Max: second} }, "sleep.min: 2s: want 0 to sleep.max (1s)"},
		{"long sleep", func(c *Config) { c.Noop, c.Sleep = nil, &SleepConfig{Max: day + 1} }, "sleep.max: "},
		{"empty exec", func(c *Config) { c.Noop, c.Exec = nil, []string{} }, "exec: []: want a program, then its arguments"},
		{"empty program", func(c *Config) { c.Noop, c.Exec = nil, []string{"", "x"} }, "want a program"},
		{"NUL", func(c *Config) { c.Noop, c.Exec = nil, []string{"x", "a\x00b"} }, "exec[1]: contains a NUL byte"},
		{"scheme", func(c *Config) { c.Noop, c.HTTP = nil, "ftp://h/x" }, `http: "ftp://h/x": want an address such as`},
		{"no scheme", func(c *Config) { c.Noop, c.HTTP = nil, "127.0.0.1:9000/x" }, "want an address such as"},
		{"no host", func(c *Config) { c.Noop, c.HTTP = nil, "http:///x" }, "want an address such as"},
		{"no host but port", func(c *Config) { c.Noop, c.HTTP = nil, "http://:90/x" }, "want an address such as"},
		{"bad port", func(c *Config) { c.Noop, c.HTTP = nil, "http://h:x/" }, "want an address such as"},
		{"password", func(c *Config) { c.Noop, c.HTTP = nil, "http://u:canary@h/x" }, "want an address without"},
		{"password and bad port", func(c *Config) { c.Noop, c.HTTP = nil, "http://u:canary@h:x/" }, "want an address without"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := Config{Noop: &NoopConfig{}}
			config.SetDefaults()
			c.change(&config)
			errs := config.Validate()
			if len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want) || strings.Contains(errs[0].Error(), "canary") {
				t.Errorf("errors %v, want one with %q", errs, c.want)
			}
			if _, err := New("x", config, Options{}); err == nil {
				t.Error("New accepts it")
			}
		})
	}
}

func TestValidateReportsEverything(t *testing.T) {
	c := Config{HTTP: "nowhere", Exec: []string{}, Slots: -1, Retry: RetryConfig{Attempts: -1}}
	c.SetDefaults()
	if errs := c.Validate(); len(errs) != 5 {
		t.Errorf("%d errors, want 5: %v", len(errs), errors.Join(errs...))
	}
}

func TestNewRefusesProgramsThatCannotRun(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"/nowhere/at-all", "no-such-program-anywhere", plain, t.TempDir()} {
		c := Config{Exec: []string{program}}
		c.SetDefaults()
		_, err := New("orders", c, Options{})
		if err == nil || !strings.Contains(err.Error(), program) || !strings.Contains(err.Error(), "handler orders") {
			t.Errorf("%s: error %v, want one that names the program and the handler", program, err)
		}
	}
}

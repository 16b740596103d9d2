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
		"exec": {Exec: []string{"cat"}}, "http": {HTTP: "http://h"},
		"plugin": {Plugin: "p"}, "forward": {Forward: &ForwardConfig{Topic: "t"}},
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
		{"no kind", func(c *Config) { c.Noop = nil }, "want exactly one of log, noop, sleep, exec, http, forward"},
		{"two kinds", func(c *Config) { c.Log = &LogConfig{} }, "(log, noop): want exactly one"},
		{"no slots", func(c *Config) { c.Slots = -1 }, "slots: -1: want 1 to 4096"},
		{"many slots", func(c *Config) { c.Slots = 4097 }, "slots: 4097: want 1 to 4096"},
		{"timeout", func(c *Config) { c.Timeout = 5 }, "timeout: 5ns: want 1ms to 24h0m0s"},
		{"long timeout", func(c *Config) { c.Timeout = day + 1 }, "timeout: 24h0m0.000000001s: want"},
		{"attempts", func(c *Config) { c.Retry.Attempts = -2 }, "retry.attempts: -2: want 1 to 1000"},
		{"max_backoff", func(c *Config) { c.Retry.MaxBackoff = day + 1 }, "retry.max_backoff: "},
		{"backoff", func(c *Config) { c.Retry.Backoff = 60 * second }, "retry.backoff: 1m0s: want 1ms to retry.max_backoff (30s)"},
		{"no batch", func(c *Config) { c.Batch.Max = -1 }, "batch.max: -1: want 1 to 1000"},
		{"large batch", func(c *Config) { c.Batch.Max = 1001 }, "batch.max: 1001: want 1 to 1000"},
		{"batch of another kind", func(c *Config) { c.Noop, c.Exec, c.Batch.Max = nil, []string{"cat"}, 2 }, "batch.max: 2: exec takes one message at a time: want 1, or one of noop, sleep"},
		{"batch that waits alone", func(c *Config) { c.Batch.Wait = second }, "batch.wait: 1s: one message waits for no others: want batch.max above 1 too"},
		{"batch that waits long", func(c *Config) { c.Batch = BatchConfig{2, 60*second + 1} }, "batch.wait: 1m0.000000001s: want 0s to 1m0s"},
		{"batch that waits below zero", func(c *Config) { c.Batch = BatchConfig{2, -1} }, "batch.wait: -1ns: want 0s to 1m0s"},
		{"audit", func(c *Config) { c.AuditRequired = true }, "audit_required: true: want a file in audit too"},
		{"sleep", func(c *Config) { c.Noop, c.Sleep = nil, &SleepConfig{Min: 2 * second, Max: second} }, "sleep.min: 2s: want 0 to sleep.max (1s)"},
		{"long sleep", func(c *Config) { c.Noop, c.Sleep = nil, &SleepConfig{Max: day + 1} }, "sleep.max: "},
		{"empty exec", func(c *Config) { c.Noop, c.Exec = nil, []string{} }, "exec: []: want a program, then its arguments"},
		{"empty program", func(c *Config) { c.Noop, c.Exec = nil, []string{"", "x"} }, "want a program"},
		{"NUL", func(c *Config) { c.Noop, c.Exec = nil, []string{"x", "a\x00b"} }, "exec[1]: contains a NUL byte"},
		{"batch", func(c *Config) { c.Batch.Max = -1 }, "batch.max: -1: want 1 to 1000"},
		{"exec_options of another kind", func(c *Config) { c.ExecOptions.PerMessage = true }, "exec_options: is for exec, and this is noop"},
		{"nice", func(c *Config) { withExec(c, Limits{Nice: 20}) }, "process.nice: 20: want 0 to 19"},
		{"memory", func(c *Config) { withExec(c, Limits{Memory: 4096}) }, "process.memory: 4KiB: want at least 16MiB"},
		{"variable", func(c *Config) { withEnv(c, "A-B", "canary") }, "process.env.A-B: want a name of letters"},
		{"variable about the message", func(c *Config) { withEnv(c, "BOOSTD_KEY", "canary") }, "process.env.BOOSTD_KEY: names that begin with BOOSTD_"},
		{"variable with NUL", func(c *Config) { withEnv(c, "A", "canary\x00") }, "process.env.A: has a NUL byte"},
		{"large variables", func(c *Config) { withEnv(c, "A", strings.Repeat("canary", 11000)) }, "process.env: has 66003 bytes: want at most 65536"},
		{"http_options of another kind", func(c *Config) { c.HTTPOptions.HTTP2 = true }, "http_options: is for http, and this is noop"},
		{"certificate without key", func(c *Config) { withHTTP(c, "https://h", HTTPOptions{CertFile: "c"}) }, "http_options: cert_file and key_file belong together"},
		{"ca_file without TLS", func(c *Config) { withHTTP(c, "http://h", HTTPOptions{CAFile: "c"}) }, "http_options.ca_file: is for an https address"},
		{"token without TLS", func(c *Config) { withHTTP(c, "http://10.0.0.1", HTTPOptions{TokenFile: "c"}) }, "http_options.token_file: with http anybody"},
		{"forward", func(c *Config) { c.Noop, c.Forward = nil, &ForwardConfig{} }, "forward: says nothing: want topic"},
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

func withExec(c *Config, l Limits) {
	c.Noop, c.Exec, c.Process = nil, []string{"cat"}, ProcessConfig{Limits: l}
}

func withEnv(c *Config, name, value string) {
	c.Noop, c.Exec, c.Process = nil, []string{"cat"}, ProcessConfig{Env: map[string]boostd.Secret{name: boostd.Secret(value)}}
}

func withHTTP(c *Config, url string, o HTTPOptions) { c.Noop, c.HTTP, c.HTTPOptions = nil, url, o }

func TestTokensMayGoToThisMachine(t *testing.T) {
	for _, url := range []string{"http://localhost:1/", "http://127.3.0.1/", "http://[::1]:9/", "https://far.example/"} {
		c := Config{}
		withHTTP(&c, url, HTTPOptions{TokenFile: "t"})
		c.SetDefaults()
		if errs := c.Validate(); errs != nil {
			t.Errorf("%s: %v", url, errs)
		}
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

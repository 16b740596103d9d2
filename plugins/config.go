package plugins

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd"
)

// Config is one entry of `handlers:` in boostd.yaml. Exactly one of Log, Noop,
// Sleep, Exec, HTTP, Forward and Plugin is given: the handler's kind.
type Config struct {
	// Log writes one line to the daemon's log for each message.
	Log *LogConfig `yaml:"log"`
	// Noop does nothing, at once.
	Noop *NoopConfig `yaml:"noop"`
	// Sleep takes some time and does nothing.
	Sleep *SleepConfig `yaml:"sleep"`
	// Exec is a program and its arguments; no shell is involved.
	Exec []string `yaml:"exec"`
	// HTTP is the http or https address that messages are posted to. A proxy
	// from the environment isn't used.
	HTTP string `yaml:"http"`
	// Forward writes messages to another topic.
	Forward *ForwardConfig `yaml:"forward"`
	// Plugin is a program that speaks the protocol of package wire: a path, or the name
	// of a file in plugin_dir.
	Plugin string `yaml:"plugin"`

	// Args are a plugin's arguments.
	Args []string `yaml:"args"`
	// Settings are a plugin's own, which it is given at its start.
	Settings map[string]boostd.Secret `yaml:"settings"`
	// Process is what the processes of Exec and Plugin get.
	Process ProcessConfig `yaml:"process"`

	// ExecOptions say how the programs of Exec are run.
	ExecOptions ExecOptions `yaml:"exec_options"`
	// HTTPOptions say how the service of HTTP is reached.
	HTTPOptions HTTPOptions `yaml:"http_options"`
	// Slots is how many messages are handled at once: 1 to 4096, default 16.
	// An exec handler runs up to as many processes.
	Slots int `yaml:"slots" schema:"1..4096"`
	// Timeout bounds one attempt: 1ms to 24h, default 30s.
	Timeout boostd.Duration `yaml:"timeout"`
	// Batch lets a slot have several messages at once. Only for kinds that work on
	// several as on one: http, plugin, noop and sleep.
	Batch BatchConfig `yaml:"batch"`
	// Retry says how often and how late a failed attempt is repeated.
	Retry RetryConfig `yaml:"retry"`
	// DeadLetter, false unless said otherwise, sends a message that fails for good
	// to the topic {base}_dlq, whichever of the base's topics it came from, and
	// counts it as done there. Otherwise, and where that topic doesn't take it, it
	// is held.
	DeadLetter bool `yaml:"dead_letter"`
	// Audit is the file that finished attempts are written to; empty for none.
	Audit string `yaml:"audit"`
	// AuditRequired stops the handling when the audit file can't be written.
	AuditRequired bool `yaml:"audit_required"`
}

// LogConfig is the section `log: {}`; it has no keys.
type LogConfig struct{}

// NoopConfig is the section `noop: {}`; it has no keys.
type NoopConfig struct{}

// SleepConfig is the range that a sleep is drawn from, evenly.
type SleepConfig struct {
	// Min is the shortest sleep, default 0.
	Min boostd.Duration `yaml:"min"`
	// Max is the longest sleep, at most 24h, default Min.
	Max boostd.Duration `yaml:"max"`
}

// BatchConfig is how many messages a handler gets at once.
type BatchConfig struct {
	// Max is the most that a slot gets at once, all of one level: 1 to 1000, default
	// 1: no batches.
	Max int `yaml:"max" schema:"1..1000"`
	// Wait is how long a message may wait for others to fill its batch, while no
	// level has Max ready: 0 to 1m, default 0; above 0 only with Max above 1.
	Wait boostd.Duration `yaml:"wait"`
}

// RetryConfig is how failed attempts are repeated.
type RetryConfig struct {
	// Attempts counts the first one too: 1 to 1000, default 5.
	Attempts int `yaml:"attempts" schema:"1..1000"`
	// Backoff is the longest wait before the second attempt; it doubles with
	// each further one. 1ms to MaxBackoff, default 200ms.
	Backoff boostd.Duration `yaml:"backoff"`
	// MaxBackoff is where the doubling ends: at most 24h, default 30s.
	MaxBackoff boostd.Duration `yaml:"max_backoff"`
	// Final are parts of reasons: a failed attempt whose reason contains one is the
	// message's last, as if the handler had said so.
	Final []string `yaml:"final"`
	// Again are parts of reasons too: what the handler calls dead is tried again all
	// the same. Final goes before.
	Again []string `yaml:"again"`
}

// apply is a handler's answer with Final and Again in force.
func (r *RetryConfig) apply(answer boostd.Result) boostd.Result {
	in := func(part string) bool { return strings.Contains(answer.Reason, part) }
	switch {
	case answer.Outcome == boostd.Retry && slices.ContainsFunc(r.Final, in):
		answer.Outcome = boostd.Dead
	case answer.Outcome == boostd.Dead && slices.ContainsFunc(r.Again, in) && !slices.ContainsFunc(r.Final, in):
		answer.Outcome = boostd.Retry
	}
	return answer
}

const (
	maxSlots    = 4096
	maxAttempts = 1000
	maxBatch    = 1000
	longestWait = boostd.Duration(time.Minute)
	shortest    = boostd.Duration(time.Millisecond)
	longest     = boostd.Duration(24 * time.Hour)
)

// SetDefaults fills in what isn't given; a zero counts as not given.
func (c *Config) SetDefaults() {
	setDefault(&c.Slots, 16)
	setDefault(&c.Timeout, boostd.Duration(30*time.Second))
	setDefault(&c.Batch.Max, 1)
	setDefault(&c.Retry.Attempts, 5)
	setDefault(&c.Retry.MaxBackoff, boostd.Duration(30*time.Second))
	setDefault(&c.Retry.Backoff, min(boostd.Duration(200*time.Millisecond), c.Retry.MaxBackoff))
	if len(c.Retry.Final) == 0 {
		c.Retry.Final = nil
	}
	if len(c.Retry.Again) == 0 {
		c.Retry.Again = nil
	}
	if c.Sleep != nil {
		setDefault(&c.Sleep.Max, c.Sleep.Min)
	}
}

func setDefault[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

// Kind is the name of the kind that is given: log, noop, sleep, exec, http, forward or
// plugin; empty when none is, or more than one.
func (c Config) Kind() string {
	if kinds := c.kinds(); len(kinds) == 1 {
		return kinds[0]
	}
	return ""
}

func (c Config) kinds() []string {
	var kinds []string
	for _, k := range []struct {
		name  string
		given bool
	}{
		{"log", c.Log != nil}, {"noop", c.Noop != nil}, {"sleep", c.Sleep != nil},
		{"exec", c.Exec != nil}, {"http", c.HTTP != ""}, {"forward", c.Forward != nil}, {"plugin", c.Plugin != ""},
	} {
		if k.given {
			kinds = append(kinds, k.name)
		}
	}
	return kinds
}

// Validate reports everything that is wrong, after SetDefaults; each error says
// the key, its value and what is allowed. It looks at nothing outside: whether
// a program exists is New's to find out.
func (c Config) Validate() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch kinds := c.kinds(); len(kinds) {
	case 0:
		bad("no kind of handler is given: want exactly one of log, noop, sleep, exec, http, forward, plugin")
	case 1:
	default:
		bad("several kinds of handler are given (%s): want exactly one", strings.Join(kinds, ", "))
	}
	if c.Slots < 1 || c.Slots > maxSlots {
		bad("slots: %d: want 1 to %d", c.Slots, maxSlots)
	}
	if c.Timeout < shortest || c.Timeout > longest {
		bad("timeout: %v: want %v to %v", c.Timeout, shortest, longest)
	}
	if c.AuditRequired && c.Audit == "" {
		bad("audit_required: true: want a file in audit too")
	}
	errs = append(errs, c.validateBatch()...)
	errs = append(errs, c.Retry.validate()...)
	errs = append(errs, c.ExecOptions.validate(c.Kind())...)
	errs = append(errs, c.Process.validate(c.Kind())...)
	errs = append(errs, c.HTTPOptions.validate(c.Kind(), c.HTTP)...)
	return append(errs, c.validateKinds()...)
}

func (c Config) validateBatch() []error {
	var errs []error
	b := c.Batch
	if c.HTTPOptions.Later && b.Max > 1 {
		errs = append(errs, errors.New("http_options.later: with batch.max above 1 the answer has all results: leave one of the two out"))
	}
	if b.Max < 1 || b.Max > maxBatch {
		errs = append(errs, fmt.Errorf("batch.max: %d: want 1 to %d", b.Max, maxBatch))
	} else if kind := c.Kind(); b.Max > 1 && kind != "" && !slices.Contains(bulkKinds, kind) {
		errs = append(errs, fmt.Errorf("batch.max: %d: %s takes one message at a time: want 1, or one of %s", b.Max, kind, strings.Join(bulkKinds, ", ")))
	}
	if b.Wait < 0 || b.Wait > longestWait {
		errs = append(errs, fmt.Errorf("batch.wait: %v: want 0s to %v", b.Wait, longestWait))
	} else if b.Wait > 0 && b.Max == 1 {
		errs = append(errs, fmt.Errorf("batch.wait: %v: one message waits for no others: want batch.max above 1 too", b.Wait))
	}
	return errs
}

func (r RetryConfig) validate() []error {
	var errs []error
	if r.Attempts < 1 || r.Attempts > maxAttempts {
		errs = append(errs, fmt.Errorf("retry.attempts: %d: want 1 to %d", r.Attempts, maxAttempts))
	}
	if r.MaxBackoff < shortest || r.MaxBackoff > longest {
		errs = append(errs, fmt.Errorf("retry.max_backoff: %v: want %v to %v", r.MaxBackoff, shortest, longest))
	}
	if r.Backoff < shortest || r.Backoff > r.MaxBackoff {
		errs = append(errs, fmt.Errorf("retry.backoff: %v: want %v to retry.max_backoff (%v)", r.Backoff, shortest, r.MaxBackoff))
	}
	for _, list := range []struct {
		key   string
		parts []string
	}{{"final", r.Final}, {"again", r.Again}} {
		if slices.Contains(list.parts, "") {
			errs = append(errs, fmt.Errorf("retry.%s: an empty text is part of every reason: leave it out", list.key))
		}
	}
	return errs
}

// validateKinds looks into each kind that is given, one or not, so that one
// look at the errors is enough.
func (c Config) validateKinds() []error {
	var errs []error
	if s := c.Sleep; s != nil {
		if s.Max > longest {
			errs = append(errs, fmt.Errorf("sleep.max: %v: want at most %v", s.Max, longest))
		}
		if s.Min < 0 || s.Min > s.Max {
			errs = append(errs, fmt.Errorf("sleep.min: %v: want 0 to sleep.max (%v)", s.Min, s.Max))
		}
	}
	if c.Exec != nil {
		if err := validateExec(c.Exec); err != nil {
			errs = append(errs, err)
		}
	}
	errs = append(errs, c.validatePlugin()...)
	if c.HTTP != "" {
		if _, err := parseAddress(c.HTTP); err != nil {
			errs = append(errs, err)
		}
	}
	if c.Forward != nil {
		errs = append(errs, c.Forward.validate()...)
	}
	return errs
}

func validateExec(argv []string) error {
	if len(argv) == 0 || argv[0] == "" {
		return fmt.Errorf("exec: %q: want a program, then its arguments", argv)
	}
	for i, arg := range argv {
		if strings.ContainsRune(arg, 0) {
			return fmt.Errorf("exec[%d]: contains a NUL byte, which no program can be given", i)
		}
	}
	return nil
}

// parseAddress reads the key http. Its errors never show a password: an
// address with one is refused, since it would reach logs and listings.
func parseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case strings.Contains(address, "@") && (err != nil || u.User != nil):
		return nil, fmt.Errorf("http: the address has a user name or password in it: want an address without, such as http://127.0.0.1:9000/handle")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("http: %q: want an address such as http://127.0.0.1:9000/handle or https://…", address)
	}
	return u, nil
}

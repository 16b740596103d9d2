package conf

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/logs"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/producer"
	"github.com/kafkaboost/boostd/scheduler"
	"github.com/kafkaboost/boostd/tracing"
)

// File is boostd.yaml. After Load, Control and StateDir are empty where there is
// to be none.
type File struct {
	// Control is the path of the Unix socket that boostd's own commands use, at
	// most 100 bytes long; off for none. Default: /run/boostd/boostd.sock for
	// root, else boostd/boostd.sock in $XDG_RUNTIME_DIR, else in a folder of the
	// user's own among the temporary files.
	Control string `yaml:"control"`
	// StateDir is the folder that keeps what must survive a restart; off for none.
	// Default: what systemd's StateDirectory= gives, else /var/lib/boostd for
	// root, else boostd in $XDG_STATE_HOME, else ~/.local/state/boostd.
	StateDir string `yaml:"state_dir"`
	// PluginDir is the folder of the plugins that handlers name without a slash; a
	// relative path counts from the folder of boostd.yaml. Default:
	// /usr/lib/boostd/plugins.
	PluginDir string `yaml:"plugin_dir"`
	// Kafka is the cluster, and how to use it.
	Kafka kafkaio.Config `yaml:"kafka" schema:"required"`
	// Settings says where the settings document is.
	Settings configwatch.Config `yaml:"settings" schema:"required"`
	// Topics are the base topics by name.
	Topics map[string]Topic `yaml:"topics" schema:"required"`
	// Handlers are what messages are given to, by name.
	Handlers map[string]Handler `yaml:"handlers" schema:"required"`
	// Policy is what priority means, for handlers without a policy of their own and
	// while the settings document has none.
	Policy Policy `yaml:"policy"`
	// Console is the port for metrics, health and status.
	Console console.Config `yaml:"console"`
	// Producer is how messages are produced, by commands and over the console.
	Producer producer.Config `yaml:"producer"`
	// Tracing says where spans of what is handled go.
	Tracing tracing.Config `yaml:"tracing"`
	// Log says how much is logged.
	Log logs.Config `yaml:"log"`
	// StartWait is how long the first dispatch waits for levels that have not
	// caught up: at most 1h, default 5s; 0s doesn't wait.
	StartWait boostd.Duration `yaml:"start_wait"`
	// Drain is how long a stop waits for what is in flight: at most 1h, default
	// 20s; 0s cancels at once.
	Drain boostd.Duration `yaml:"drain"`
	// Gate is what lower levels wait for beside their turn; one word, on or off, is
	// gate.pausing.
	Gate Gate `yaml:"gate"`

	// Path is the file's own, for paths relative to it.
	Path string `yaml:"-"`
}

// Topic is a base topic: which handler its messages go to, and their order.
type Topic struct {
	// Handler is the name of the handler that gets the topic's messages, those of
	// its levels' topics included.
	Handler string `yaml:"handler" schema:"required"`
	// Order is key (default), partition or none.
	Order string `yaml:"order" schema:"key|partition|none"`
	// Tenant says whose the messages are: within a level tenants take turns. Default:
	// partitions do.
	Tenant priority.Tenant `yaml:"tenant"`
	// Drain, false unless said otherwise, also reads the topics of levels that
	// the settings no longer have, such as orders_12 with max_priority 10. They
	// are looked for at start and after each change.
	Drain bool `yaml:"drain"`
}

// SetDefaults fills what is absent.
func (t *Topic) SetDefaults() {
	if t.Order == "" {
		t.Order = "key"
	}
}

// Validate returns what is wrong with the topic itself.
func (t Topic) Validate() []error {
	var errs []error
	if t.Handler == "" {
		errs = append(errs, fmt.Errorf("handler: is missing: name one of handlers"))
	}
	if _, err := scheduler.ParseOrder(t.Order); err != nil {
		errs = append(errs, fmt.Errorf("order: %q: want key, partition or none", t.Order))
	}
	return errs
}

// defaults is the file before it is read: here a zero differs from an absence.
func defaults() *File {
	return &File{
		StartWait: boostd.Duration(5 * time.Second),
		Drain:     boostd.Duration(20 * time.Second),
		PluginDir: PluginDir,
	}
}

// PluginDir is where the package has plugins.
const PluginDir = "/usr/lib/boostd/plugins"

// Validate checks what concerns more than one section.
func (f *File) Validate() []error {
	var errs []error
	wrong := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if f.StartWait.Std() > time.Hour {
		wrong("start_wait", "%v: want at most 1h", f.StartWait)
	}
	if f.Drain.Std() > time.Hour {
		wrong("drain", "%v: want at most 1h", f.Drain)
	}
	if f.PluginDir == "" {
		wrong("plugin_dir", `"": want a folder, such as %s`, PluginDir)
	}
	if len(f.Topics) == 0 {
		wrong("topics", "is missing: name at least one topic and its handler")
	}
	if len(f.Handlers) == 0 {
		wrong("handlers", "is missing: name at least one handler")
	}
	for _, name := range slices.Sorted(maps.Keys(f.Topics)) {
		t := f.Topics[name]
		if err := priority.CheckTopic(name); err != nil {
			wrong("topics."+name, "%v", err)
		}
		if _, ok := f.Handlers[t.Handler]; t.Handler != "" && !ok {
			wrong("topics."+name+".handler", "there is no handler %q%s", t.Handler,
				didYouMean(t.Handler, slices.Sorted(maps.Keys(f.Handlers))))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Handlers)) {
		used := false
		for _, t := range f.Topics {
			used = used || t.Handler == name
		}
		if !used {
			wrong("handlers."+name, "no topic uses it")
		}
	}
	errs = append(errs, f.memberErrors()...)
	errs = append(errs, f.policyErrors()...)
	errs = append(errs, f.auditErrors()...)
	errs = append(errs, f.forwardErrors()...)
	return append(errs, f.deadLetterErrors()...)
}

// DeadLetters are the topics whose messages become dead letters when they fail for
// good, sorted.
func (f *File) DeadLetters() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(f.Topics)), func(name string) bool {
		return !f.Handlers[f.Topics[name].Handler].DeadLetter
	})
}

// deadLetterErrors are dead-letter topics that can't be had, or whose letters
// would be handled as messages.
func (f *File) deadLetterErrors() []error {
	var errs []error
	for _, base := range f.DeadLetters() {
		letters := priority.DeadLetterTopic(base)
		if _, ok := f.Topics[letters]; ok {
			errs = append(errs, fmt.Errorf("topics.%s: is where dead letters of %s go, as handlers.%s.dead_letter says: leave it out here, or rename one of the topics",
				letters, base, f.Topics[base].Handler))
		}
		if err := priority.CheckTopic(letters); err != nil && priority.CheckTopic(base) == nil {
			errs = append(errs, fmt.Errorf("topics.%s: has no room for its dead letters: %w", base, err))
		}
	}
	return errs
}

// memberErrors are names of static members that would be too long.
func (f *File) memberErrors() []error {
	longest := strconv.Itoa(priority.MaxLevel)
	if len(f.Handlers) > 1 {
		names := slices.SortedFunc(maps.Keys(f.Handlers), func(a, b string) int { return len(b) - len(a) })
		longest += "/" + names[0]
	}
	if err := f.Kafka.CheckMember(longest); err != nil {
		return []error{fmt.Errorf("kafka.instance: %w", err)}
	}
	return nil
}

// auditErrors are handlers that share a file and disagree about it.
func (f *File) auditErrors() []error {
	var errs []error
	first := map[string]string{} // handler by file
	for _, name := range slices.Sorted(maps.Keys(f.Handlers)) {
		h := f.Handlers[name]
		other, shared := first[h.Audit]
		switch {
		case h.Audit == "":
		case !shared:
			first[h.Audit] = name
		case f.Handlers[other].AuditRequired != h.AuditRequired:
			errs = append(errs, fmt.Errorf("handlers.%s.audit_required: is %v here and %v for handler %s, which writes the same file: make them agree, or name two files",
				name, h.AuditRequired, f.Handlers[other].AuditRequired, other))
		}
	}
	return errs
}

const (
	// stopRest is what a stop may take beyond drain: what still runs is cancelled
	// (2 s), everything done is committed, the groups are left (10 s), programs
	// and files are closed (3 s). The daemon has the budgets.
	stopRest = 15 * time.Second
	// unitPatience is TimeoutStopSec of the unit that comes with boostd.
	unitPatience = 45 * time.Second
)

// Warnings are what a person should know about the file.
func (f *File) Warnings() []error {
	warnings := f.policyWarnings()
	if total := f.Drain.Std() + stopRest; total > unitPatience {
		warnings = append(warnings, fmt.Errorf("drain: %v: a stop may take %v with all that follows, and systemd kills after TimeoutStopSec, which is %v in boostd's unit: raise that too",
			f.Drain, total, unitPatience))
	}
	return warnings
}

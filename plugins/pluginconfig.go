package plugins

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/kafkaboost/boostd"
)

// ProcessConfig is what a handler's processes get.
type ProcessConfig struct {
	// Env are variables of their environment, beside PATH, HOME, LANG and TZ: the
	// daemon's own are not passed on.
	Env map[string]boostd.Secret `yaml:"env"`
	// Nice makes them less urgent than the daemon: 0 to 19, default 0.
	Nice int `yaml:"nice" schema:"0..19"`
	// Memory is the resident memory from which a process is ended: at least 16MiB;
	// default no limit.
	Memory boostd.Bytes `yaml:"memory"`
}

func (p ProcessConfig) limits() Limits { return Limits{p.Nice, p.Memory} }

func (p ProcessConfig) given() bool { return len(p.Env) > 0 || p.Nice != 0 || p.Memory != 0 }

const minMemory = 16 << 20

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (p ProcessConfig) validate() (errs []error) {
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		switch {
		case !variable.MatchString(name):
			errs = append(errs, fmt.Errorf("process.env.%s: want a name of letters, digits and underscores", name))
		case strings.HasPrefix(name, "PLUGIN_") || strings.HasPrefix(name, "BOOSTD_"):
			errs = append(errs, fmt.Errorf("process.env.%s: names that begin with PLUGIN_ and BOOSTD_ are boostd's own", name))
		case strings.ContainsRune(p.Env[name].Reveal(), 0):
			errs = append(errs, fmt.Errorf("process.env.%s: contains a NUL byte, which no program can be given", name))
		}
	}
	if p.Nice < 0 || p.Nice > 19 {
		errs = append(errs, fmt.Errorf("process.nice: %d: want 0 to 19", p.Nice))
	}
	if p.Memory != 0 && p.Memory < minMemory {
		errs = append(errs, fmt.Errorf("process.memory: %v: want at least %v", p.Memory, boostd.Bytes(minMemory)))
	}
	return errs
}

// validatePlugin checks the keys of plugins, and that nobody else has them.
func (c Config) validatePlugin() (errs []error) {
	if c.Plugin == "" {
		for _, k := range []struct {
			key   string
			given bool
		}{{"args", len(c.Args) > 0}, {"settings", len(c.Settings) > 0}, {"process", c.Process.given()}} {
			if k.given {
				errs = append(errs, fmt.Errorf("%s: only a plugin has it", k.key))
			}
		}
		return errs
	}
	const nul = "contains a NUL byte, which no program can be given"
	if strings.ContainsRune(c.Plugin, 0) {
		errs = append(errs, fmt.Errorf("plugin: %s", nul))
	}
	for n, text := range c.Args {
		if strings.ContainsRune(text, 0) {
			errs = append(errs, fmt.Errorf("args[%d]: %s", n, nul))
		}
	}
	return append(errs, c.Process.validate()...)
}

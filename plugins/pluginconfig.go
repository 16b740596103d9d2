package plugins

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/kafkaboost/boostd"
)

// ProcessConfig is what the processes of a handler get.
type ProcessConfig struct {
	// Env are variables that they get beside PATH, HOME, LANG and TZ, or in the place
	// of these; 64 KiB in all. The daemon's own are not passed on.
	Env map[string]boostd.Secret `yaml:"env"`
	Limits
}

// maxEnvironment bounds the variables of ProcessConfig.Env, and those about a
// message, in bytes: the kernel takes 128 KiB for one.
const maxEnvironment = 64 << 10

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (p ProcessConfig) given() bool { return len(p.Env) > 0 || p.Limits != Limits{} }

// validate shows no value: it may be a secret.
func (p ProcessConfig) validate(kind string) []error {
	if p.given() && kind != "" && kind != "exec" && kind != "plugin" {
		return []error{fmt.Errorf("process: is for exec and plugin, and this is %s: leave it out", kind)}
	}
	var errs []error
	total := 0
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		value := p.Env[name].Reveal()
		total += len(name) + len(value) + 2
		switch {
		case !variable.MatchString(name):
			errs = append(errs, fmt.Errorf("process.env.%s: want a name of letters, digits and '_' that doesn't begin with a digit", name))
		case strings.HasPrefix(name, messagePrefix) || strings.HasPrefix(name, "PLUGIN_"):
			errs = append(errs, fmt.Errorf("process.env.%s: names that begin with %s or PLUGIN_ are boostd's own: choose another", name, messagePrefix))
		case strings.ContainsRune(value, 0):
			errs = append(errs, fmt.Errorf("process.env.%s: has a NUL byte in it, which no variable can have", name))
		}
	}
	if total > maxEnvironment {
		errs = append(errs, fmt.Errorf("process.env: has %d bytes: want at most %d", total, maxEnvironment))
	}
	return append(errs, p.Limits.validate("process.")...)
}

// validatePlugin checks the keys that only plugins have.
func (c Config) validatePlugin() (errs []error) {
	if kind := c.Kind(); c.Plugin == "" && kind != "" {
		if len(c.Args) > 0 {
			errs = append(errs, fmt.Errorf("args: is for plugin, and this is %s: leave it out", kind))
		}
		if len(c.Settings) > 0 {
			errs = append(errs, fmt.Errorf("settings: is for plugin, and this is %s: leave it out", kind))
		}
	}
	if strings.ContainsRune(c.Plugin, 0) {
		errs = append(errs, fmt.Errorf("plugin: contains a NUL byte, which no path has"))
	}
	for n, arg := range c.Args {
		if strings.ContainsRune(arg, 0) {
			errs = append(errs, fmt.Errorf("args[%d]: contains a NUL byte, which no program can be given", n))
		}
	}
	return errs
}

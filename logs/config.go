package logs

import (
	"fmt"
	"maps"
	"slices"
)

// Config is the section `log:` of boostd.yaml.
type Config struct {
	// Level is the least that is logged: trace, debug, info (default), warn or
	// error.
	Level string `yaml:"level" schema:"trace|debug|info|warn|error"`
	// Rooms are levels of single rooms, such as kafka: debug.
	Rooms map[string]string `yaml:"rooms" schema:"trace|debug|info|warn|error"`
}

// levels are the values of Level, the most talkative first.
var levels = []string{"trace", "debug", "info", "warn", "error"}

// SetDefaults fills what is absent.
func (c *Config) SetDefaults() {
	if c.Level == "" {
		c.Level = "info"
	}
}

// Validate returns what is wrong with the section.
func (c Config) Validate() []error {
	var errs []error
	check := func(key string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	check("level", CheckLevel(c.Level))
	for _, room := range slices.Sorted(maps.Keys(c.Rooms)) {
		check("rooms."+room, checkRoom(room))
		check("rooms."+room, CheckLevel(c.Rooms[room]))
	}
	return errs
}

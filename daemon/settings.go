package daemon

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/priority"
)

// settingsRetry is the time between two looks at settings that are not good.
const settingsRetry = time.Second

// awaitSettings reads the settings document until it is good.
func (d *Daemon) awaitSettings(ctx context.Context) (*priority.Settings, error) {
	path := d.config.Settings.Path(filepath.Dir(d.config.Path))
	for told := ""; ; {
		settings, err := d.readSettings(path)
		if err == nil {
			return settings, nil
		}
		if err.Error() != told {
			told = err.Error()
			d.logger.Error("settings are not usable: nothing is consumed until they are", "file", path, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for good settings: %w", context.Cause(ctx))
		case <-time.After(settingsRetry):
		}
	}
}

func (d *Daemon) readSettings(path string) (*priority.Settings, error) {
	data, err := configwatch.ReadFile(path)
	if err != nil {
		return nil, err
	}
	settings, warnings, err := priority.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("settings %s: %w", path, err)
	}
	for _, w := range warnings {
		d.logger.Warn("settings", "file", path, "note", w.String())
	}
	return settings, nil
}

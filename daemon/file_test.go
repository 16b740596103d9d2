package daemon

import "github.com/kafkaboost/boostd/conf"

// withConfig gives a daemon its boostd.yaml.
func withConfig(d *Daemon, config *conf.File) *Daemon {
	d.config.Store(config)
	return d
}

package daemon

import (
	"context"
	"fmt"

	"github.com/kafkaboost/boostd/console"
)

// Headline is the daemon's state in one line, for a service manager.
func (d *Daemon) Headline() string {
	ctx, cancel := context.WithTimeout(d.life, snapshotPatience)
	defer cancel()
	s, err := d.Status(ctx)
	if err != nil {
		return err.Error()
	}
	return headline(s)
}

func headline(s *console.Status) string {
	if err := notReady(s); err != nil {
		return err.Error()
	}
	backlog, unknown := int64(0), ""
	for _, k := range s.Consumers {
		if k.Broker == nil {
			unknown = "at least "
			continue
		}
		backlog += *k.Broker
	}
	queued, held := 0, ""
	for _, l := range s.Levels {
		queued += l.Backlog.Queued
	}
	if s.HeldCount > 0 {
		held = fmt.Sprintf(", %d held", s.HeldCount)
	}
	paused := 0
	for _, k := range s.Consumers {
		if k.State == "PAUSED" {
			paused++
		}
	}
	text := fmt.Sprintf("ready: %s%d waiting in the brokers, %d here%s", unknown, backlog, queued, held)
	if paused > 0 {
		text += fmt.Sprintf(", %d of %d consumers paused", paused, len(s.Consumers))
	}
	if n := len(s.Alarms); n > 0 {
		text += fmt.Sprintf("; %d alarms, the oldest: %s", n, s.Alarms[0].Text)
	}
	return text
}

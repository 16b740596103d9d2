package daemon

import (
	"errors"
	"fmt"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/plugins"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/producer"
)

// router knows the topics of levels, for all forward handlers.
type router struct{ daemon *Daemon }

// Route implements plugins.Forwarder.
func (r router) Route(m *boostd.Message, base string) (topic string, headers []boostd.Header) {
	if base == "" {
		base = r.daemon.baseOf(m.Topic)
	}
	level := int(m.Level)
	res, topic := r.daemon.settings.resolver.Load().Produced(&boostd.Message{Topic: base}, &level)
	return topic, producer.Headers(m.Headers, res.Level)
}

// baseOf is the base topic that a topic of a message belongs to.
func (d *Daemon) baseOf(topic string) string {
	if _, base := d.file().Topics[topic]; !base {
		if cut, _, ok := priority.CutLevel(topic); ok {
			return cut
		}
	}
	return topic
}

// hopeless marks the errors that no other try will mend.
func hopeless(err error) error {
	if errors.Is(err, kafkaio.ErrTooLarge) {
		return fmt.Errorf("%w: %w", plugins.ErrNeverForwarded, err)
	}
	return err
}

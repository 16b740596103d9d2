package plugins

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
)

// logDoer writes one line for each message: where it stands and how large it
// is, never its payload.
type logDoer struct{ logger hclog.Logger }

func (d logDoer) do(_ context.Context, m *boostd.Message) boostd.Result {
	d.logger.Info("message", "topic", m.Topic, "partition", m.Partition, "offset", m.Offset,
		"level", int(m.Level), "attempt", m.Attempt, "key_bytes", len(m.Key), "value_bytes", len(m.Value))
	return done()
}

func (logDoer) close(context.Context) error { return nil }

// noopDoer is done at once: for measuring what surrounds a handler.
type noopDoer struct{}

func (noopDoer) do(context.Context, *boostd.Message) boostd.Result { return done() }

func (noopDoer) close(context.Context) error { return nil }

// sleepDoer takes a time between min and max, both included.
type sleepDoer struct{ min, max time.Duration }

func (d sleepDoer) do(ctx context.Context, _ *boostd.Message) boostd.Result {
	// The top-level generator is the one that goroutines don't contend for.
	length := d.min + rand.N(d.max-d.min+1)
	if length == 0 {
		return done()
	}
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return done()
	case <-ctx.Done():
		return retry(whyEnded(ctx))
	}
}

func (sleepDoer) close(context.Context) error { return nil }

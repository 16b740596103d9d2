package daemon

import (
	"errors"
	"fmt"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/plugins"
)

// results are those that come later, as the console takes them.
type results struct{ later *plugins.Later }

var _ console.Results = results{}

// Settle implements console.Results.
func (r results) Settle(token string, result boostd.Result) error {
	return unknownToken(r.later.Settle(token, result))
}

// Extend implements console.Results.
func (r results) Extend(token string, d time.Duration) error {
	return unknownToken(r.later.Extend(token, d))
}

func unknownToken(err error) error {
	if errors.Is(err, plugins.ErrNoLease) {
		return fmt.Errorf("%w: it has one already, or its time was over and the message is tried again: %w", err, console.ErrNotFound)
	}
	return err
}

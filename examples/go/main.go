// A handler of boostd that does what a message's value says: {"do": "done"}, "retry",
// "dead", "panic", "sleep" or "describe". `boostd handlers check --conformance` tries
// an SDK with it; the format is in docs/PLUGINS.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/plugins/sdk"
)

func main() { sdk.Serve(handler{}, sdk.Name("example-go")) }

type handler struct{}

// Start is optional: it makes ready what the handler needs, or refuses the work.
func (handler) Start(_ context.Context, s sdk.Start) error {
	if text := s.Settings["refuse"]; text != "" {
		return errors.New(text)
	}
	return nil
}

func (handler) Handle(ctx context.Context, m *sdk.Message) error {
	var order struct {
		Do      string
		Reason  string
		Ms      int
		AfterMs int `json:"after_ms"`
	}
	if err := json.Unmarshal(m.Value, &order); err != nil {
		return sdk.Deadf("the value is no JSON object of ours")
	}
	switch order.Do {
	case "done":
		return nil
	case "retry":
		return sdk.RetryAfter(time.Duration(order.AfterMs)*time.Millisecond, errors.New(order.Reason))
	case "dead":
		return sdk.Dead(errors.New(order.Reason))
	case "panic":
		panic(order.Reason)
	case "sleep":
		select {
		case <-time.After(time.Duration(order.Ms) * time.Millisecond):
			return nil
		case <-ctx.Done(): // cancelled, or timed out
			return ctx.Err()
		}
	case "describe":
		return sdk.Deadf("%s", describe(m))
	}
	return sdk.Deadf("the value asks for nothing that there is")
}

func describe(m *sdk.Message) string {
	var headers []string
	for _, h := range m.Headers {
		headers = append(headers, h.Key+"="+hex(h.Value))
	}
	produced := int64(0)
	if !m.ProducedAt.IsZero() {
		produced = m.ProducedAt.UnixMilli()
	}
	return fmt.Sprintf("%s/%d@%d level=%d attempt=%d key=%s headers=[%s] produced_ms=%d",
		m.Topic, m.Partition, m.Offset, m.Level, m.Attempt, hex(m.Key), strings.Join(headers, ","), produced)
}

func hex(b []byte) string {
	if b == nil {
		return "null"
	}
	return fmt.Sprintf("%x", b)
}

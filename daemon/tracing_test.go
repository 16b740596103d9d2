package daemon

import (
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/plugins"
	"github.com/kafkaboost/boostd/tracing"
)

// The actors get the handler itself where there is no tracing, and never lose it: what
// the daemon asks of a handler goes to the same one.
func TestHandlersAreWrappedOnlyForTracing(t *testing.T) {
	for endpoint, wrapped := range map[string]bool{"": false, "http://127.0.0.1:1": true} {
		file := &conf.File{Handlers: map[string]conf.Handler{"h": {Config: plugins.Config{Noop: &plugins.NoopConfig{}}}}, Tracing: tracing.Config{Endpoint: endpoint}}
		h := file.Handlers["h"]
		h.SetDefaults()
		file.Handlers["h"] = h
		file.Tracing.SetDefaults()
		d := withConfig(&Daemon{logger: hclog.NewNullLogger(), audits: audits{}}, file)
		if err := d.openTracing(); err != nil {
			t.Fatal(err)
		}
		specs, err := d.handlerSpecs()
		if err != nil {
			t.Fatal(err)
		}
		inner, ok := specs[0].Handler.(*plugins.Handler)
		if ok == wrapped || ok && inner != d.handlers[0] {
			t.Errorf("endpoint %q: the actors get a %T", endpoint, specs[0].Handler)
		}
		if err := d.handlers.close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := d.closeTracing(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestGroupOf(t *testing.T) {
	file := &conf.File{Kafka: kafkaio.Config{Group: "g"}, Topics: map[string]conf.Topic{"orders": {}, "plan_9": {}}}
	for topic, want := range map[string]string{
		"orders": "g_base", "orders_7": "g_priority_7", "plan_9": "g_base", "plan_9_10": "g_priority_10", "orders_07": "g_base",
	} {
		if got := groupOf(file, topic); got != want {
			t.Errorf("%s comes through %s, want %s", topic, got, want)
		}
	}
}

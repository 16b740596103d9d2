package daemon

import (
	"context"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/tracing"
)

// counted counts what a handler is given.
type counted struct {
	actors.Handler
	name  string
	calls int
}

func (c *counted) Handle(ctx context.Context, work boostd.Work) {
	c.calls++
	c.Handler.Handle(ctx, work)
}

// one is one message's work.
type one struct {
	given  bool
	result boostd.Result
}

func (w *one) Next() (*boostd.Message, bool) {
	first := !w.given
	w.given = true
	return &boostd.Message{Topic: "orders"}, first
}

func (w *one) Report(_ *boostd.Message, r boostd.Result) { w.result = r }

// What a program puts around the handlers is called for each by its name, around the
// handler itself, which still does the work; spans include it.
func TestProgramsWrapHandlers(t *testing.T) {
	const text = `kafka: {brokers: [a:1], group: g}
settings: {source: file:s}
topics: {x: {handler: b}, y: {handler: a}}
handlers: {a: {noop: {}}, b: {noop: {}}}
`
	for endpoint, direct := range map[string]bool{"": true, "http://127.0.0.1:1": false} {
		file, err := conf.Parse("f", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		file.Tracing = tracing.Config{Endpoint: endpoint}
		file.Tracing.SetDefaults()
		var made []*counted
		wrap := func(name string, h actors.Handler) actors.Handler {
			made = append(made, &counted{Handler: h, name: name})
			return made[len(made)-1]
		}
		d := withConfig(&Daemon{logger: hclog.NewNullLogger(), audits: audits{}, options: Options{Wrap: wrap}}, file)
		if err := d.openTracing(); err != nil {
			t.Fatal(err)
		}
		specs, err := d.handlerSpecs()
		if err != nil {
			t.Fatal(err)
		}
		if len(made) != 2 || made[0].name != "a" || made[1].name != "b" {
			t.Fatalf("wrapped are %+v, want a and b", made)
		}
		for n, spec := range specs {
			if (spec.Handler == actors.Handler(made[n])) != direct {
				t.Errorf("endpoint %q: handler %s is a %T", endpoint, spec.Name, spec.Handler)
			}
			work := &one{}
			spec.Handler.Handle(t.Context(), work)
			if made[n].calls != 1 || work.result.Outcome != boostd.Done {
				t.Errorf("endpoint %q, %s: %d calls, %v", endpoint, spec.Name, made[n].calls, work.result)
			}
		}
		if err := d.handlers.close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := d.closeTracing(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

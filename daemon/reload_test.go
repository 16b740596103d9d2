package daemon

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/logs"
	"github.com/kafkaboost/boostd/priority"
)

// pages is a settings source in memory.
type pages struct {
	text string
	err  error
}

func (p *pages) Read(context.Context, bool) (configwatch.Version, error) {
	return configwatch.Version{Data: []byte(p.text), Place: "the document"}, p.err
}
func (p *pages) Changed() <-chan struct{} { return nil }
func (p *pages) Close() error             { return nil }
func (p *pages) String() string           { return "memory" }

// noted are the changes of log levels.
type noted struct{ LogLevels }

func (n *noted) Change(old, next logs.Config) error { return nil }

// reloadable is a daemon without consumers, whose files are the test's.
type reloadable struct {
	*Daemon
	yaml   string
	reread error
	pages  pages
}

const reloadBase = `kafka: {brokers: [a:1], group: g}
settings: {source: file:s}
topics: {x: {handler: h}, y: {handler: i}}
handlers:
  h: {noop: {}, slots: 4}
  i: {noop: {}, slots: 2}
`

func newReloadable(t *testing.T) *reloadable {
	t.Helper()
	r := &reloadable{yaml: reloadBase, pages: pages{text: `{"max_priority": 10}`}}
	file, err := conf.Parse("boostd.yaml", []byte(r.yaml))
	if err != nil {
		t.Fatal(err)
	}
	r.Daemon = withConfig(&Daemon{logger: hclog.NewNullLogger(), reloading: make(chan struct{}, 1), hurry: make(chan struct{}, 1), retiring: make(chan struct{}, 1)}, file)
	r.life, r.end = context.WithCancel(t.Context())
	r.source = &r.pages
	r.options.Levels = &noted{}
	r.options.Reread = func() (conf.Loaded, error) {
		if r.reread != nil {
			return conf.Loaded{}, r.reread
		}
		f, err := conf.Parse("boostd.yaml", []byte(r.yaml))
		return conf.Loaded{File: f}, err
	}
	settings := parsed(t, r.pages.text)
	r.settings.put(newDocument(settings, []byte(r.pages.text), ""))
	specs, err := r.handlerSpecs()
	if err != nil {
		t.Fatal(err)
	}
	setPolicies(specs, file, settings)
	engine, err := actors.Start(actors.Options{Levels: 11, Handlers: specs, Logger: r.logger})
	if err != nil {
		t.Fatal(err)
	}
	r.engine.Store(engine)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(engine.Stop(ctx), r.handlers.close(ctx)); err != nil {
			t.Error(err)
		}
	})
	return r
}

// inForce is what the scheduler has of the handlers, and the alarms.
func (r *reloadable) inForce(t *testing.T) string {
	t.Helper()
	s, err := r.engine.Load().Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, p := range s.Pools {
		text += p.Name + ":" + strings.Repeat("|", p.Slots) + " " + r.shownPolicy(p.Name, r.settings.current()).String() + " "
	}
	for _, c := range r.findings.get() {
		text += "! " + c.Subject + " "
	}
	return strings.TrimSpace(text)
}

// TestReloadOfBoth: each step has a boostd.yaml and a document, and leaves them both
// in force, or none.
func TestReloadOfBoth(t *testing.T) {
	r := newReloadable(t)
	const plain, reserve = `{"max_priority": 10}`, `{"max_priority": 10, "boostd": {"policy": {"reserve": {"8": 3}}}}`
	for n, step := range []struct {
		from, to string // in the base
		document string
		says     string // the answer, or the error
		then     string // "" stays
	}{
		{"", "", plain, "have not changed", "h:|||| strict i:|| strict"},
		{"slots: 4", "slots: 5, timeout: 1s", plain, "boostd.yaml is in force with another handlers.h.slots, handlers.h.timeout", "h:||||| strict i:|| strict"},
		{"slots: 2", "slots: 5", reserve, "another handlers.h.slots, handlers.h.timeout, handlers.i.slots; priorities have changed; levels and topics are the same; another policy holds for h, i",
			"h:|||| strict; reserve 8: 3 i:||||| strict; reserve 8: 3"},
		{"", "", reserve, "doesn't fit handler i: 3 slots", "h:|||| strict; reserve 8: 3 i:||||| strict; reserve 8: 3 ! boostd.yaml"},
		{"slots: 2", "slots: 5", reserve, "have not changed", "h:|||| strict; reserve 8: 3 i:||||| strict; reserve 8: 3"},
		{"noop: {}, slots: 2", "sleep: {max: 1s}, slots: 7", plain, "boostd.yaml: handlers.i.noop, handlers.i.sleep need a restart of boostd: nothing was changed",
			"h:|||| strict; reserve 8: 3 i:||||| strict; reserve 8: 3 ! boostd.yaml"},
		{"slots: 2", "slots: 7", `{"max_priority": `, "the document", "h:|||| strict; reserve 8: 3 i:||||| strict; reserve 8: 3 ! boostd.yaml !"},
		{"slots: 2", "slots: 2", plain, "handlers.i.slots; priorities have changed; levels and topics are the same; another policy holds for h, i", "h:|||| strict i:|| strict"},
		{"slots: 2", "slots: 3", "unreachable", "boostd.yaml is in force with another handlers.i.slots; the settings can't be read, the old ones are in force: no answer", "h:|||| strict i:||| strict !"},
		{"slots: 2}", "slots: 3, policy: {reserve: {11: 1}}}", plain, "max_priority 10 doesn't fit boostd.yaml's handlers.i.policy.reserve.11", "h:|||| strict i:||| strict !  ! boostd.yaml"},
		{"slots: 2}", "slots: 3, policy: {reserve: {11: 1}}, preemptible: true}", `{"max_priority": 11}`, "levels are 0 to 11; another policy holds for i", "h:|||| strict i:||| strict; reserve 11: 1; preemptible"},
	} {
		r.yaml = strings.Replace(reloadBase, step.from, step.to, 1)
		r.pages = pages{text: step.document}
		if step.document == "unreachable" {
			r.pages.err = errors.New("no answer")
		}
		was := r.inForce(t)
		answer, err := r.Reload(t.Context())
		text := answer.Text
		if err != nil {
			text = err.Error()
		}
		if !strings.Contains(text, step.says) {
			t.Errorf("step %d says %q, want %q", n, text, step.says)
		}
		if got := r.inForce(t); got != step.then {
			t.Errorf("step %d: in force are\n%s, want\n%s", n, got, step.then)
		}
		if changed := err == nil && !strings.Contains(step.says, "have not changed"); answer.Changed != changed {
			t.Errorf("step %d: changed %v, from %s", n, answer.Changed, was)
		}
	}
	r.reread = conf.Problems{{File: "boostd.yaml", Line: 3, Column: 5, Path: "log.level", Text: "what"}}
	if _, err := r.Reload(t.Context()); err == nil || err.Error() != "reload: boostd.yaml:3:5: log.level: what" {
		t.Errorf("an invalid file: %v", err)
	}
	if _, err := r.refresh(t.Context(), false); err != nil { // the document alone
		t.Errorf("a look at the document, beside an invalid boostd.yaml: %v", err)
	}
	if got := r.inForce(t); !strings.HasSuffix(got, "! boostd.yaml") {
		t.Errorf("with an invalid file, in force are %s", got)
	}
}

// TestReloadWhileOthersLook: who reads boostd.yaml sees one or the other.
func TestReloadWhileOthersLook(t *testing.T) {
	r := newReloadable(t)
	settings := parsed(t, `{}`)
	ended, looks := make(chan struct{}), sync.WaitGroup{}
	for range 2 {
		looks.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
				}
				text := r.shownPolicy("h", settings).String()
				if !slices.Contains([]string{"strict", "strict; reserve 2: 1; preemptible"}, text) {
					t.Errorf("the policy is %s", text)
				}
				r.allConsumers(settings, []priority.LevelTopic{})
				_ = r.ours(priority.LevelTopic{Name: "x_12", Base: "x", Level: 12})
			}
		})
	}
	for n := range 50 {
		r.yaml = reloadBase
		if n%2 == 0 {
			r.yaml = strings.NewReplacer("slots: 4", "slots: 9, policy: {reserve: {2: 1}}, preemptible: true", "x: {handler: h}", "x: {handler: h, drain: true}").Replace(reloadBase)
		}
		if _, err := r.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	close(ended)
	looks.Wait()
}

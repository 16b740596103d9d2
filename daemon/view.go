package daemon

import (
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/scheduler"
)

// view makes the console's status of what everybody has answered.
type view struct {
	daemon    *Daemon
	now       time.Time
	scheduler scheduler.Status
	members   []memberStatus
	before    scheduler.Status // a few seconds ago, for rates
	elapsed   float64          // since then, in seconds; zero: not known
}

func (v *view) status() *console.Status {
	d := v.daemon
	s := &console.Status{
		Version: d.options.Version, Instance: d.options.Instance, UptimeS: int64(v.now.Sub(d.began).Seconds()),
		Settings: v.settings(), Summary: v.summary(), Resolution: d.resolution.status(),
		Levels: []console.Level{}, Consumers: []console.Consumer{}, Handlers: []console.Handler{}, Alarms: []console.Alarm{},
	}
	s.Phase, s.Waiting = d.phase.get()
	s.Left = d.others.status()
	if v.members != nil {
		v.before, v.elapsed = d.rates.before(v.scheduler.At)
		s.Consumers, s.Handlers = v.consumers(), v.handlers()
		s.Levels = v.levels()
		for _, h := range v.scheduler.Held {
			s.Held = append(s.Held, heldOf(h))
		}
		for _, k := range v.scheduler.Consumers {
			s.HeldCount += k.Held
		}
	}
	for _, a := range d.book.standing() {
		s.Alarms = append(s.Alarms, console.Alarm{Kind: string(a.Kind), Subject: a.Subject, Since: a.Since, Text: a.Text})
	}
	if err := notReady(s); err != nil {
		s.NotReady = err.Error()
	}
	s.Ready = s.NotReady == ""
	return s
}

func (v *view) settings() console.Settings {
	doc, checked, err := v.daemon.settings.get()
	s := console.Settings{Version: doc.version, Hash: doc.hash, Source: v.daemon.sourceName(), Error: err}
	s.LoadedAt, s.CheckedAt = known(doc.loaded), known(checked)
	return s
}

// known is nil for a time that there isn't.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (v *view) summary() *console.Summary {
	doc, _, err := v.daemon.settings.get()
	if doc.settings == nil {
		return nil
	}
	topics := []string{}
	for _, m := range v.members {
		topics = append(topics, m.source.Topics...)
	}
	slices.Sort(topics)
	return &console.Summary{
		UserID: doc.settings.UserID, MaxPriority: int(doc.settings.MaxPriority), DefaultPriority: int(doc.settings.DefaultPriority),
		TopicsCount: len(doc.settings.Topics), RulesCount: len(doc.settings.Rules), BoostConfigsCount: len(doc.settings.Boosts),
		PriorityBoostEnabled: len(doc.settings.Boosts) > 0, CurrentSubscription: slices.Compact(topics),
		LastUpdated: doc.loaded.UTC().Format(time.RFC3339), IsValid: err == "",
	}
}

func (v *view) consumers() []console.Consumer {
	all := make([]console.Consumer, 0, len(v.scheduler.Consumers))
	for _, k := range v.scheduler.Consumers {
		n := slices.IndexFunc(v.members, func(m memberStatus) bool { return m.plan.name == k.Name })
		if n < 0 {
			continue // it has just come, or gone
		}
		source, plan := v.members[n].source, v.members[n].plan
		c := console.Consumer{
			Name: k.Name, Handler: plan.handler, Group: source.Group, Topics: source.Topics, Partitions: k.Partitions, Joined: k.Joined,
			Unsettled: k.Unsettled, Bytes: k.Bytes, State: k.State.String(), Reason: v.reason(k),
			SinceMS: v.now.Sub(k.Since).Milliseconds(), Rebalances: source.Rebalances, Pauses: k.Pauses, Resumes: k.Resumes,
			Broker: count(k.Broker), CommitAgeMS: v.age(source.Uncommitted), TurnedMS: v.age(source.Turned), Client: client(source.Client), StateSeconds: map[string]float64{},
		}
		if !k.Mixed {
			level := int(k.Level)
			c.Level = &level
		}
		for state, spent := range k.Spent {
			c.StateSeconds[scheduler.State(state).String()] = spent.Seconds()
		}
		all = append(all, c)
	}
	return all
}

// client is nil before the Kafka client has told anything of itself.
func client(s boostd.ClientStats) *console.KafkaClient {
	if s.At.IsZero() {
		return nil
	}
	c := &console.KafkaClient{Brokers: s.Brokers, Connected: s.Connected, ReceivedBytes: s.Received, PrefetchedBytes: s.QueuedBytes}
	if s.RoundTrip > 0 {
		ms := float64(s.RoundTrip) / float64(time.Millisecond)
		c.RoundTripMS = &ms
	}
	return c
}

// age is how long ago a time was, nil for one that there isn't.
func (v *view) age(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := max(v.now.Sub(t).Milliseconds(), 0)
	return &ms
}

// count is nil for an unknown number.
func count(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}

// reason says why a consumer is in its state; a person's pause names the person.
func (v *view) reason(k scheduler.ConsumerStatus) string {
	if k.Reason.Kind != scheduler.ByHand {
		return k.Reason.String()
	}
	for _, p := range v.scheduler.Paused {
		if p.Level == k.Level {
			return inWords(p)
		}
	}
	return k.Reason.String()
}

func inWords(p scheduler.Pause) string {
	s := "paused by hand"
	if p.By != "" {
		s += " by " + p.By
	}
	if !p.Until.IsZero() {
		s += " until " + p.Until.Format(time.RFC3339)
	}
	if p.Why != "" {
		s += ": " + p.Why
	}
	return s
}

func (v *view) handlers() []console.Handler {
	all := make([]console.Handler, 0, len(v.scheduler.Pools))
	settings := v.daemon.settings.current()
	for id, p := range v.scheduler.Pools {
		h := console.Handler{Name: p.Name, Kind: v.daemon.file().Handlers[p.Name].Kind(), Slots: p.Slots, Busy: p.Busy, Stuck: p.Stuck,
			Plugin: pluginOf(v.daemon.handlers[id]), Time: histogram(p.Times), Policy: v.daemon.shownPolicy(p.Name, settings), Group: v.group(scheduler.PoolID(id), p.Group)}
		for _, l := range p.Levels {
			h.Done, h.Retried, h.Dead, h.HeldN = h.Done+l.Done, h.Retried+l.Retried, h.Dead+l.Dead, h.HeldN+l.Held
		}
		for _, k := range p.HotKeys {
			h.HotKeys = append(h.HotKeys, console.HotKey{Topic: k.Topic, Partition: k.Partition, Hash: fmt.Sprintf("%016x", k.Hash), Waiting: k.Waiting, Retrying: k.Retrying})
		}
		v.times(&h, id, p)
		all = append(all, h)
	}
	return all
}

// times says how long attempts take: in the last seconds, if anything was handled in
// them.
func (v *view) times(h *console.Handler, id int, p scheduler.PoolStatus) {
	times := p.Times
	if v.elapsed > 0 {
		before, done := v.before.Pools[id], uint64(0)
		if recent := times.Since(before.Times); recent.Total() > 0 {
			times = recent
		}
		for _, l := range before.Levels {
			done += l.Done
		}
		rate := float64(h.Done-min(done, h.Done)) / v.elapsed // levels that are gone take theirs along
		h.Rate = &rate
	}
	if n := times.Total(); n > 0 {
		mean := (times.Sum / time.Duration(n)).Microseconds()
		h.MeanUS = &mean
	}
	for q, to := range map[float64]**int64{0.5: &h.P50US, 0.99: &h.P99US} {
		if d, ok := times.Quantile(q); ok {
			us := d.Microseconds()
			*to = &us
		}
	}
}

func histogram(h scheduler.Histogram) console.Histogram {
	return console.Histogram{Bounds: bounds, Counts: h.Counts[:], Sum: h.Sum}
}

var bounds = scheduler.Bounds()

// notReady says what keeps a daemon in this state from being ready, or is nil.
func notReady(s *console.Status) error {
	switch {
	case s.Phase == starting && s.Waiting != "":
		return fmt.Errorf("starting: waiting for %s", s.Waiting)
	case s.Phase != running:
		return fmt.Errorf("%s", s.Phase)
	}
	for _, a := range s.Alarms {
		if slices.Contains(unready, a.Kind) && !leftToOthers(s, a) {
			return fmt.Errorf("%s", a.Text)
		}
	}
	for _, k := range s.Consumers {
		if !k.Joined {
			return fmt.Errorf("consumer %s has no place in its group yet", k.Name)
		}
	}
	return nil
}

// leftToOthers reports whether an alarm is about what other instances should do:
// this one is as ready without them.
func leftToOthers(s *console.Status, a console.Alarm) bool {
	return a.Kind == string(alarms.Unserved) && !slices.ContainsFunc(s.Consumers, func(k console.Consumer) bool { return k.Name == a.Subject })
}

// unready are the alarms with which a daemon isn't ready: it reads nothing, or
// not what it should.
var unready = []string{string(alarms.Connection), string(alarms.Coordinator), string(alarms.Membership),
	string(alarms.Authorization), string(alarms.Unserved)}

package daemon

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/scheduler"
)

// consumerPlan is one priority consumer: a member of its level's group for one
// handler's topics.
type consumerPlan struct {
	handler string
	group   string
	name    string // base or the level's number, with the handler where there are several
	key     string // base or the level's number, as kafka.levels has it
	level   boostd.Level
	mixed   bool
	topics  []string
	orders  map[string]scheduler.Order
	tenants map[string]priority.Tenant // of the topics that have some
}

// planConsumers lists the consumers of this instance: all, but for those of levels
// that kafka.only_levels leaves to others.
func (d *Daemon) planConsumers(settings *priority.Settings) []consumerPlan {
	return slices.DeleteFunc(d.allConsumers(settings, d.retired.get()), func(p consumerPlan) bool { return !d.file().Kafka.Consumes(p.key) })
}

// allConsumers lists, for every handler, the consumer of its base topics and one
// for each level that any of them is boosted to, or has a retired topic of. A
// level above max_priority has its own group and counts as max_priority.
func (d *Daemon) allConsumers(settings *priority.Settings, retired []priority.LevelTopic) []consumerPlan {
	var plans []consumerPlan
	for _, handler := range slices.Sorted(maps.Keys(d.file().Handlers)) {
		var bases []string
		for base, t := range d.file().Topics {
			if t.Handler == handler {
				bases = append(bases, base)
			}
		}
		slices.Sort(bases)
		plans = append(plans, d.planHandler(handler, bases, settings, retired)...)
	}
	if len(d.file().Handlers) > 1 {
		for n := range plans {
			plans[n].name += "/" + plans[n].handler
		}
	}
	return plans
}

func (d *Daemon) planHandler(handler string, bases []string, settings *priority.Settings, retired []priority.LevelTopic) []consumerPlan {
	group := d.file().Kafka.Group
	base := consumerPlan{handler: handler, group: priority.BaseGroup(group), name: "base", key: "base",
		mixed: true, topics: bases, orders: map[string]scheduler.Order{}, tenants: map[string]priority.Tenant{}}
	for _, b := range bases {
		d.describe(&base, b, b)
	}
	levels := map[boostd.Level]*consumerPlan{}
	add := func(topic, base string, n boostd.Level) {
		p := levels[n]
		if p == nil {
			number := strconv.Itoa(int(n))
			p = &consumerPlan{handler: handler, group: priority.LevelGroup(group, n), name: number, key: number,
				level: settings.Clamp(n), orders: map[string]scheduler.Order{}, tenants: map[string]priority.Tenant{}}
			levels[n] = p
		}
		p.topics = append(p.topics, topic)
		d.describe(p, topic, base)
	}
	for _, t := range settings.Plan(bases) {
		add(t.Name, t.Base, t.Level)
	}
	for _, t := range retired {
		if slices.Contains(bases, t.Base) {
			add(t.Name, t.Base, t.Level)
		}
	}
	plans := []consumerPlan{base}
	for _, level := range slices.Sorted(maps.Keys(levels)) {
		plans = append(plans, *levels[level])
	}
	return plans
}

// describe notes what boostd.yaml says of a topic's base.
func (d *Daemon) describe(p *consumerPlan, topic, base string) {
	p.orders[topic] = d.order(base)
	if t := d.file().Topics[base].Tenant; t != (priority.Tenant{}) {
		p.tenants[topic] = t
	}
}

// order is validated with the file.
func (d *Daemon) order(base string) scheduler.Order {
	o, _ := scheduler.ParseOrder(d.file().Topics[base].Order)
	return o
}

// newMembers makes the Sources of planned consumers, which are among all that this
// instance is to have. On an error those made are stopped.
func (d *Daemon) newMembers(plans, all []consumerPlan) ([]member, error) {
	members := make([]member, 0, len(plans))
	for _, p := range plans {
		transactions, err := d.transactionsOf(p)
		if err != nil {
			return nil, errors.Join(err, stopMembers(members))
		}
		source, err := kafkaio.NewConsumer(kafkaio.SourceOptions{
			Config: d.file().Kafka, Group: p.group, Topics: p.topics, Level: p.key,
			Member: d.file().Kafka.Member(p.name),
			Window: kafkaio.Window(scheduler.DefaultWindow), Consumers: len(all),
			Activity: &d.activity, Probe: d.probe, Logger: d.logger.Named("kafka"), BeforeCommit: d.audits.flush,
			Transactions: transactions,
		})
		if err != nil {
			_ = stopMembers(members) // none was started: there is nothing to lose
			return nil, err
		}
		m := member{p, source, transactions != nil}
		if m.transacts {
			d.writers.put(m)
		}
		members = append(members, m)
	}
	return members, nil
}

// spec is the member as the actors take it.
func (d *Daemon) spec(m member) actors.ConsumerSpec {
	return actors.ConsumerSpec{
		Source: m.source, Handler: m.plan.handler, Name: m.plan.name, Resolve: d.resolverFor(m.plan),
		Scheduling: scheduler.ConsumerConfig{
			Level: m.plan.level, Mixed: m.plan.mixed, Window: scheduler.DefaultWindow, Orders: m.plan.orders,
		},
	}
}

// stopMembers ends Sources that were made and never started.
func stopMembers(members []member) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeBudget)
	defer cancel()
	var errs []error
	for _, m := range members {
		errs = append(errs, m.source.Stop(ctx))
	}
	return errors.Join(errs...)
}

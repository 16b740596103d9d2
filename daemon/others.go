package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/console"
	"github.com/kafkaboost/boostd/kafkaio"
)

const (
	// othersInterval is the time between two looks at what is left to others.
	othersInterval = 5 * time.Second
	// othersTimeout bounds one question: less than the stop waits for tasks.
	othersTimeout = 2500 * time.Millisecond
	// topicsAge is how old the numbers of partitions may be.
	topicsAge = time.Minute
)

// others are the levels that kafka.only_levels leaves to other instances. Safe
// from any goroutine; the zero value leaves none.
type others struct {
	mu    sync.Mutex
	plans []consumerPlan // one a level, whatever handlers it has
	waits map[string]int64
}

// set takes the consumers that others are to have.
func (o *others) set(plans []consumerPlan) {
	byKey := map[string]*consumerPlan{}
	var keys []string
	for _, p := range plans {
		known := byKey[p.key]
		if known == nil {
			known = &consumerPlan{group: p.group, key: p.key}
			byKey[p.key] = known
			keys = append(keys, p.key)
		}
		known.topics = append(known.topics, p.topics...)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waits = map[string]int64{}
	for _, key := range keys {
		slices.Sort(byKey[key].topics)
		o.plans = append(o.plans, *byKey[key])
	}
	slices.SortFunc(o.plans, func(a, b consumerPlan) int { return number(a.key) - number(b.key) })
}

// number is a level's, -1 for base.
func number(key string) int {
	if n, err := strconv.Atoi(key); err == nil {
		return n
	}
	return -1
}

// note keeps how many messages wait at a level.
func (o *others) note(key string, waiting int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waits[key] = waiting
}

func (o *others) status() (all []console.Left) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.plans {
		l := console.Left{Group: p.group, Topics: p.topics}
		if n := number(p.key); n >= 0 {
			l.Level = &n
		}
		if waiting, known := o.waits[p.key]; known {
			l.Waiting = &waiting
		}
		all = append(all, l)
	}
	return all
}

// subjectOf is what alarms call a level that is left to others. No consumer has
// such a name.
func subjectOf(key string) string {
	if key == "base" {
		return "base topics"
	}
	return "level " + key
}

// divide parts all consumers into those that this instance has and those it
// leaves to others, and says which levels of kafka.only_levels there aren't. It
// fails where nothing would be consumed.
func (d *Daemon) divide(all []consumerPlan) error {
	var left []consumerPlan
	keys := map[string]bool{}
	d.consumers = nil
	for _, p := range all {
		keys[p.key] = true
		if d.config.Kafka.Consumes(p.key) {
			d.consumers = append(d.consumers, p)
		} else {
			left = append(left, p)
		}
	}
	d.others.set(left)
	if unknown := d.unknownLevels(keys); unknown != "" {
		d.logger.Warn("kafka.only_levels has levels without a topic of their own: nothing is consumed of them", "levels", unknown)
	}
	if len(d.consumers) == 0 {
		return fmt.Errorf("kafka.only_levels: nothing would be consumed: topics and settings have %s", inOrder(keys))
	}
	return nil
}

// unknownLevels lists what kafka.only_levels has and the settings don't.
func (d *Daemon) unknownLevels(keys map[string]bool) string {
	unknown := map[string]bool{}
	for _, l := range d.config.Kafka.OnlyLevels {
		for _, r := range l.Ranges {
			for n := r.From; n <= r.To; n++ {
				if key := strconv.Itoa(int(n)); !keys[key] {
					unknown[key] = true
				}
			}
		}
	}
	return inOrder(unknown)
}

func inOrder(keys map[string]bool) string {
	sorted := slices.SortedFunc(maps.Keys(keys), func(a, b string) int { return number(a) - number(b) })
	return strings.Join(sorted, ", ")
}

// watchOthers keeps an alarm for each level that is left to others while nobody
// serves it. It ends with the daemon.
func (d *Daemon) watchOthers() {
	if len(d.others.plans) == 0 {
		return
	}
	w := lookout{daemon: d, onlookers: map[string]*kafkaio.Onlooker{}}
	defer w.close()
	for {
		if err := w.look(); err != nil && d.life.Err() == nil {
			d.logger.Debug("what is left to others is not known", "error", err)
		}
		select {
		case <-d.life.Done():
			return
		case <-time.After(othersInterval):
		}
	}
}

// lookout asks for the levels that are left to others. Only watchOthers uses it.
type lookout struct {
	daemon    *Daemon
	neglect   alarms.Neglect
	admin     *kafkaio.Admin
	onlookers map[string]*kafkaio.Onlooker // by level, kept: each is a client
	have      map[string]int               // partitions by topic
	at        time.Time                    // when have was asked for
}

func (w *lookout) look() error {
	if w.admin == nil {
		admin, err := kafkaio.NewAdmin(w.daemon.config.Kafka)
		if err != nil {
			return err
		}
		w.admin = admin
	}
	if time.Since(w.at) > topicsAge {
		ctx, cancel := context.WithTimeout(w.daemon.life, othersTimeout)
		have, err := w.admin.Topics(ctx)
		if cancel(); err != nil {
			w.unknown(w.daemon.others.plans)
			return err
		}
		w.have, w.at = have, time.Now()
	}
	var errs []error
	for _, p := range w.daemon.others.plans { // set before, and never changed
		if w.daemon.life.Err() != nil {
			break // a question isn't cut short by the end
		}
		if err := w.ask(p); err != nil {
			w.unknown([]consumerPlan{p})
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// unknown notes that nothing was learnt of levels.
func (w *lookout) unknown(plans []consumerPlan) {
	for _, p := range plans {
		w.neglect.Unknown(time.Now(), subjectOf(p.key))
	}
}

// ask looks at one level.
func (w *lookout) ask(p consumerPlan) error {
	topics := map[string]int{}
	for _, topic := range p.topics {
		if n := w.have[topic]; n > 0 {
			topics[topic] = n
		}
	}
	if w.onlookers[p.key] == nil {
		o, err := w.admin.Onlook(p.group)
		if err != nil {
			return err
		}
		w.onlookers[p.key] = o
	}
	ctx, cancel := context.WithTimeout(w.daemon.life, othersTimeout)
	defer cancel()
	progress, err := w.onlookers[p.key].Progress(ctx, topics)
	if err != nil {
		return err
	}
	sum := int64(0)
	for _, n := range progress.Waiting {
		sum += n
	}
	if sum == 0 && len(progress.Waiting) < len(topics) {
		return fmt.Errorf("ask for %s: a part of its topics is unknown", subjectOf(p.key))
	}
	w.daemon.others.note(p.key, sum)
	c, ok := w.neglect.Judge(time.Now(), alarms.Left{Subject: subjectOf(p.key), Group: p.group, Waiting: sum, Committed: progress.Committed})
	if !ok {
		c.Text = ""
	}
	w.daemon.findings.set(alarms.Unserved, subjectOf(p.key), c.Text)
	return nil
}

func (w *lookout) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeBudget/2)
	defer cancel()
	for _, o := range w.onlookers {
		o.Close(ctx)
	}
	if w.admin != nil {
		w.admin.Close()
	}
}

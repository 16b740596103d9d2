package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd/alarms"
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

// watchOthers keeps an alarm for each level that is left to others while nobody
// serves it. It ends with the daemon.
func (d *Daemon) watchOthers() {
	if len(d.file().Kafka.OnlyLevels) == 0 {
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
	plans := w.daemon.others.get()
	w.follow(plans)
	if len(plans) == 0 {
		return nil
	}
	if w.admin == nil {
		admin, err := kafkaio.NewAdmin(w.daemon.file().Kafka)
		if err != nil {
			return err
		}
		w.admin = admin
	}
	if time.Since(w.at) > topicsAge {
		ctx, cancel := context.WithTimeout(w.daemon.life, othersTimeout)
		have, err := w.admin.Topics(ctx)
		if cancel(); err != nil {
			w.unknown(plans)
			return err
		}
		w.have, w.at = have, time.Now()
	}
	var errs []error
	for _, p := range plans {
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

// follow ends what was begun for levels that are no longer left to others.
func (w *lookout) follow(plans []consumerPlan) {
	for key, o := range w.onlookers {
		if !slices.ContainsFunc(plans, func(p consumerPlan) bool { return p.key == key }) {
			ctx, cancel := context.WithTimeout(w.daemon.life, othersTimeout)
			o.Close(ctx)
			cancel()
			delete(w.onlookers, key)
			w.neglect.Forget(subjectOf(key))
			w.daemon.findings.set(alarms.Unserved, subjectOf(key), "")
		}
	}
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

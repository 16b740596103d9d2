package daemon

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

const (
	// leftoversInterval is the time between two looks at topics of levels that the
	// settings don't have, leftoversSoon that while there are any.
	leftoversInterval = time.Minute
	leftoversSoon     = 5 * time.Second
	// leftoversTimeout bounds one look: less than the stop waits for tasks.
	leftoversTimeout = 2500 * time.Millisecond
)

// leftovers are the existing topics of levels that the settings don't have: of
// boosted bases, and what was a level's once.
func (d *Daemon) leftovers(settings *priority.Settings, have map[string]int) []priority.LevelTopic {
	bases := slices.Sorted(maps.Keys(d.file().Topics))
	boosted := settings.Leftovers(bases, have)
	return slices.DeleteFunc(settings.LevelTopics(bases, have), func(t priority.LevelTopic) bool {
		return !t.Outside || !slices.Contains(boosted, t) && !d.retired.ours(t.Name)
	})
}

// ours reports whether a topic outside of the settings is to be read: it was a
// level's once, or boostd.yaml says so.
func (d *Daemon) ours(t priority.LevelTopic) bool {
	return d.retired.ours(t.Name) || d.file().Topics[t.Base].Drain
}

func (d *Daemon) oursOf(left []priority.LevelTopic) []priority.LevelTopic {
	return slices.DeleteFunc(left, func(t priority.LevelTopic) bool { return !d.ours(t) })
}

// watchLeftovers has retired topics read as long as something waits in them, and
// keeps an alarm for each base topic meanwhile, also for what nobody reads. It ends
// with the daemon.
func (d *Daemon) watchLeftovers() {
	told := map[string]bool{}
	for {
		found, err := d.findLeftovers()
		switch {
		case d.life.Err() != nil:
			return
		case err == nil:
			err = d.readLeftovers(d.life, found)
		}
		if err != nil {
			d.logger.Debug("topics outside of the levels are not read as they should be", "error", err)
		} else {
			d.tellStranded(told, found)
		}
		wait := leftoversInterval
		if err != nil || len(found.topics) > 0 {
			wait = leftoversSoon
		}
		select {
		case <-d.life.Done():
			return
		case <-d.retiring:
		case <-time.After(wait):
		}
	}
}

// outside are topics outside of the levels, and what waits in them.
type outside struct {
	of      *priority.Settings // whose levels
	topics  []priority.LevelTopic
	waiting map[string]int64 // what isn't known is absent
}

// findLeftovers asks the brokers. Mostly there is no such topic, and one question
// for the list of topics is all.
func (d *Daemon) findLeftovers() (found outside, err error) {
	ctx, cancel := context.WithTimeout(d.life, leftoversTimeout)
	defer cancel()
	admin, err := kafkaio.NewAdmin(d.file().Kafka)
	if err != nil {
		return outside{}, err
	}
	defer admin.Close()
	have, err := admin.Topics(ctx)
	if err != nil {
		return outside{}, err
	}
	found.of = d.settings.current()
	found.topics = d.leftovers(found.of, have)
	if len(found.topics) > 0 {
		found.waiting, err = d.waiting(ctx, admin, found.topics, have)
	}
	return found, err
}

// tellStranded keeps the alarms; told are the bases that have one.
func (d *Daemon) tellStranded(told map[string]bool, found outside) {
	byBase := map[string][]priority.LevelTopic{}
	for _, t := range found.topics {
		if found.waiting[t.Name] > 0 {
			byBase[t.Base] = append(byBase[t.Base], t)
		}
	}
	for base := range told {
		if byBase[base] == nil {
			d.findings.set(alarms.Stranded, base, "")
			delete(told, base)
		}
	}
	for base, topics := range byBase {
		d.findings.set(alarms.Stranded, base, d.stranded(topics, found.waiting))
		told[base] = true
	}
}

// waiting is how many messages wait in each of the topics. A level's group is
// only asked for where there are messages at all.
func (d *Daemon) waiting(ctx context.Context, admin *kafkaio.Admin, left []priority.LevelTopic, have map[string]int) (map[string]int64, error) {
	partitions := map[string]int{}
	for _, t := range left {
		partitions[t.Name] = have[t.Name]
	}
	all, err := admin.Messages(ctx, partitions)
	if err != nil {
		return nil, err
	}
	groups := map[string]map[string]int{}
	for _, t := range left {
		if all[t.Name] > 0 {
			group := priority.LevelGroup(d.file().Kafka.Group, t.Level)
			if groups[group] == nil {
				groups[group] = map[string]int{}
			}
			groups[group][t.Name] = have[t.Name]
		}
	}
	for group, topics := range groups {
		waiting, err := admin.Waiting(ctx, group, topics)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, waiting)
	}
	return all, nil
}

// stranded is the alarm's text for one base topic.
func (d *Daemon) stranded(topics []priority.LevelTopic, waiting map[string]int64) string {
	var names, unread []string
	sum := int64(0)
	for _, t := range topics {
		sum += waiting[t.Name]
		names = append(names, fmt.Sprintf("%s (%d)", t.Name, waiting[t.Name]))
		if !d.ours(t) {
			unread = append(unread, t.Name)
		}
	}
	text := fmt.Sprintf("%d messages wait in topics of levels that the settings don't have: %s: ", sum, strings.Join(names, ", "))
	if len(unread) == 0 {
		return text + "they are being read"
	}
	return text + fmt.Sprintf("nobody reads %s, since the settings had no such level as far as this instance knows: topics.%s.drain: true and a reload have them handled",
		strings.Join(unread, ", "), topics[0].Base)
}

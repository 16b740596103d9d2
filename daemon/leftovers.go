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
	// settings don't have, leftoversSoon that while messages wait in some, or it
	// isn't known.
	leftoversInterval = time.Minute
	leftoversSoon     = 5 * time.Second
	// leftoversTimeout bounds one look: less than the stop waits for tasks.
	leftoversTimeout = 2500 * time.Millisecond
)

// toDrain are the existing topics of levels that the settings don't have and
// that boostd.yaml wants to be read.
func (d *Daemon) toDrain(have map[string]int) []priority.LevelTopic {
	return slices.DeleteFunc(d.leftovers(have), func(t priority.LevelTopic) bool { return !d.config.Topics[t.Base].Drain })
}

func (d *Daemon) leftovers(have map[string]int) []priority.LevelTopic {
	return d.settings.current().Leftovers(slices.Sorted(maps.Keys(d.config.Topics)), have)
}

// watchLeftovers keeps an alarm for each base topic while messages wait in
// topics of levels that the settings don't have. It ends with the daemon.
func (d *Daemon) watchLeftovers() {
	told := map[string]string{}
	for {
		texts, err := d.findStranded()
		if err != nil && d.life.Err() == nil {
			d.logger.Debug("topics outside of the levels are not known", "error", err)
		} else {
			maps.DeleteFunc(told, func(base, _ string) bool {
				if _, still := texts[base]; !still {
					d.findings.set(alarms.Stranded, base, "")
				}
				return texts[base] == ""
			})
			for base, text := range texts {
				d.findings.set(alarms.Stranded, base, text)
			}
			maps.Copy(told, texts)
		}
		wait := leftoversInterval
		if err != nil || len(told) > 0 {
			wait = leftoversSoon
		}
		select {
		case <-d.life.Done():
			return
		case <-time.After(wait):
		}
	}
}

// findStranded says for each base topic what waits where nobody looks. Mostly
// there is no such topic, and one question for the list of topics is all.
func (d *Daemon) findStranded() (map[string]string, error) {
	ctx, cancel := context.WithTimeout(d.life, leftoversTimeout)
	defer cancel()
	admin, err := kafkaio.NewAdmin(d.config.Kafka)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	have, err := admin.Topics(ctx)
	if err != nil {
		return nil, err
	}
	left := d.leftovers(have)
	if len(left) == 0 {
		return nil, nil
	}
	waiting, err := d.waiting(ctx, admin, left, have)
	if err != nil {
		return nil, err
	}
	byBase := map[string][]priority.LevelTopic{}
	for _, t := range left {
		if waiting[t.Name] > 0 {
			byBase[t.Base] = append(byBase[t.Base], t)
		}
	}
	texts := map[string]string{}
	for base, topics := range byBase {
		texts[base] = d.stranded(base, topics, waiting)
	}
	return texts, nil
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
			group := priority.LevelGroup(d.config.Kafka.Group, t.Level)
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
func (d *Daemon) stranded(base string, topics []priority.LevelTopic, waiting map[string]int64) string {
	var names []string
	sum, read := int64(0), 0
	for _, t := range topics {
		sum += waiting[t.Name]
		names = append(names, fmt.Sprintf("%s (%d)", t.Name, waiting[t.Name]))
		if slices.Contains(d.drained, t) {
			read++
		}
	}
	what := "topics." + base + ".drain: true and a restart have them handled"
	switch {
	case read == len(topics):
		what = "they are being drained"
	case d.config.Topics[base].Drain:
		what = "those that were not there at start are drained after a restart"
	}
	return fmt.Sprintf("%d messages wait in topics of levels that the settings don't have: %s: %s", sum, strings.Join(names, ", "), what)
}

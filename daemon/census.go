package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/scheduler"
)

const (
	// censusInterval is the time between two questions for what the groups have to do.
	censusInterval = time.Second
	// censusTimeout bounds one question: less than the stop waits for tasks.
	censusTimeout = 2500 * time.Millisecond
)

// poolLevel is a level of a handler's pool.
type poolLevel struct {
	pool  scheduler.PoolID
	level boostd.Level
}

// groupPart is what counts for a level of one group's topics. Levels above max_priority,
// whose topics are drained, count as the highest.
type groupPart struct {
	poolLevel

	group  string
	topics []string
}

// partsOfGroups are what gate.scope group asks for: all levels, whoever consumes them,
// but for the lowest, for which nobody waits. Base topics have no level.
func (d *Daemon) partsOfGroups(all []consumerPlan) (list []groupPart) {
	if d.file().Gate.Scope != conf.GroupScope {
		return nil
	}
	for _, p := range all {
		if !p.mixed && p.level > 0 {
			pool := scheduler.PoolID(slices.Index(d.handlerNames(), p.handler))
			list = append(list, groupPart{poolLevel{pool, p.level}, p.group, p.topics})
		}
	}
	return list
}

// poolLevels are those of the parts, by pool, highest level first.
func poolLevels(list []groupPart) (all []poolLevel) {
	for _, m := range list {
		all = append(all, m.poolLevel)
	}
	slices.SortFunc(all, func(a, b poolLevel) int { return cmp.Or(cmp.Compare(a.pool, b.pool), cmp.Compare(b.level, a.level)) })
	return slices.Compact(all)
}

// watchGroups tells the scheduler once a second what levels' whole groups have to
// do. It ends with the daemon.
func (d *Daemon) watchGroups() {
	if d.file().Gate.Scope != conf.GroupScope {
		return
	}
	c := census{daemon: d}
	defer c.close()
	ticker := time.NewTicker(censusInterval)
	defer ticker.Stop()
	for {
		if err := c.take(); d.life.Err() == nil {
			d.findings.set(alarms.GroupUnknown, "", c.unheard(time.Now(), err))
		}
		select {
		case <-d.life.Done():
			return
		case <-ticker.C:
		}
	}
}

// census asks for the groups of all levels. Only watchGroups uses it.
type census struct {
	daemon *Daemon
	parts  []groupPart
	levels []poolLevel // of the parts
	admin  *kafkaio.Admin
	survey *kafkaio.Survey         // kept: it has a client for each group
	heard  map[poolLevel]time.Time // when each level was last known, or asked for at first
}

// take asks once, and passes on what it has learnt.
func (c *census) take() error {
	c.follow(c.daemon.fleet.groupParts())
	if len(c.parts) == 0 {
		return nil
	}
	if err := c.connect(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.daemon.life, censusTimeout)
	defer cancel()
	answer, err := c.survey.Ask(ctx)
	var levels []actors.GroupWork
	now := time.Now()
	for _, r := range c.levels {
		if work, known := sum(c.parts, r, answer); known {
			levels = append(levels, actors.GroupWork{Pool: r.pool, Level: r.level, GroupWork: work})
			c.heard[r] = now
		}
	}
	c.daemon.engine.Load().Group(levels)
	return err
}

// follow asks for other parts from now on, when the settings have changed.
func (c *census) follow(parts []groupPart) {
	if reflect.DeepEqual(parts, c.parts) {
		return
	}
	before := c.heard
	c.parts, c.levels, c.heard = parts, poolLevels(parts), map[poolLevel]time.Time{}
	for _, r := range c.levels {
		since, known := before[r]
		if !known {
			since = time.Now()
		}
		c.heard[r] = since
	}
	c.closeSurvey()
}

func (c *census) connect() error {
	var err error
	if c.admin == nil {
		if c.admin, err = kafkaio.NewAdmin(c.daemon.file().Kafka); err != nil {
			return err
		}
	}
	if c.survey == nil {
		groups := map[string][]string{}
		for _, m := range c.parts {
			groups[m.group] = append(groups[m.group], m.topics...)
		}
		c.survey, err = c.admin.Survey(groups)
	}
	return err
}

// sum is what a level's groups have to do, unknown where a part of it is.
func sum(list []groupPart, r poolLevel, answer map[string]map[string]kafkaio.GroupWork) (total scheduler.GroupWork, known bool) {
	for _, m := range list {
		if m.poolLevel != r {
			continue
		}
		for _, topic := range m.topics {
			work, told := answer[m.group][topic]
			if !told {
				return scheduler.GroupWork{}, false
			}
			total.Outstanding += work.Outstanding
			total.Done += work.Done
		}
	}
	return total, true
}

// unheard says which levels the scheduler has heard nothing of for so long that
// nobody waits for them, and why; empty for none.
func (c *census) unheard(now time.Time, why error) string {
	var levels []string
	longest := time.Duration(0)
	for _, r := range c.levels {
		if silent := now.Sub(c.heard[r]); silent >= scheduler.GroupPatience {
			longest = max(longest, silent)
			if text := fmt.Sprint(r.level); !slices.Contains(levels, text) {
				levels = append(levels, text)
			}
		}
	}
	if len(levels) == 0 {
		return ""
	}
	first, _, _ := strings.Cut(cmp.Or(why, errors.New("no answer")).Error(), "\n")
	return fmt.Sprintf("what the groups of levels %s have to do has not been known for %v, so nobody waits for them: %s",
		strings.Join(levels, ", "), longest.Round(time.Second), first)
}

// closeSurvey ends its clients; the next question makes others.
func (c *census) closeSurvey() {
	if c.survey == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeBudget/2)
	defer cancel()
	c.survey.Close(ctx)
	c.survey = nil
}

func (c *census) close() {
	c.closeSurvey()
	if c.admin != nil {
		c.admin.Close()
	}
}

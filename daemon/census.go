package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	if d.config.Gate.Scope != conf.GroupScope {
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
	if len(d.groupParts) == 0 {
		return
	}
	c := census{daemon: d, levels: poolLevels(d.groupParts), heard: map[poolLevel]time.Time{}, began: time.Now()}
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
	levels []poolLevel
	admin  *kafkaio.Admin
	survey *kafkaio.Survey // kept: it has a client for each group
	heard  map[poolLevel]time.Time
	began  time.Time
}

// take asks once, and passes on what it has learnt.
func (c *census) take() error {
	if err := c.connect(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.daemon.life, censusTimeout)
	defer cancel()
	answer, err := c.survey.Ask(ctx)
	var levels []actors.GroupWork
	now := time.Now()
	for _, r := range c.levels {
		if work, known := sum(c.daemon.groupParts, r, answer); known {
			levels = append(levels, actors.GroupWork{Pool: r.pool, Level: r.level, GroupWork: work})
			c.heard[r] = now
		}
	}
	c.daemon.engine.Load().Group(levels)
	return err
}

func (c *census) connect() error {
	var err error
	if c.admin == nil {
		if c.admin, err = kafkaio.NewAdmin(c.daemon.config.Kafka); err != nil {
			return err
		}
	}
	if c.survey == nil {
		groups := map[string][]string{}
		for _, m := range c.daemon.groupParts {
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
		since, ever := c.heard[r]
		if !ever {
			since = c.began
		}
		if silent := now.Sub(since); silent >= scheduler.GroupPatience {
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

func (c *census) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeBudget/2)
	defer cancel()
	if c.survey != nil {
		c.survey.Close(ctx)
	}
	if c.admin != nil {
		c.admin.Close()
	}
}

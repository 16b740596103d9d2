package main

import (
	"context"
	"fmt"
	"time"

	"github.com/kafkaboost/boostd/test/bench/report"
	"github.com/kafkaboost/boostd/test/bench/task"
)

// Case T: how many messages a second, and what one costs.

var (
	throughput = measure{"throughput", "messages/s", true, "from the start of the first message to the end of the last"}
	cpuEach    = measure{"CPU", "µs/message", false, "user and system time of all threads, from the first poll to the end of the last message"}
)

// load is what lies in the topics of a variant.
type load struct {
	name   string
	levels int
	size   int
	base   string
}

func (l load) count(s sizes) int {
	if l.size < 1000 {
		return s.small
	}
	return s.large
}

var loads = []load{
	{"100 B, 1 level", 1, 100, "t-100-1"},
	{"100 B, 11 levels", 11, 100, "t-100-11"},
	{"1 KB, 1 level", 1, 1000, "t-1000-1"},
	{"1 KB, 11 levels", 11, 1000, "t-1000-11"},
}

// worked are the handlers' times of the plot, beside none, and how many messages make
// for some seconds.
var worked = []struct {
	work  time.Duration
	count int
}{{100 * time.Microsecond, 120_000}, {time.Millisecond, 100_000}, {10 * time.Millisecond, 16_000}}

// workers can do a message's work beside others; the loops of clients can't.
var workers = []string{boostd, day, hour, parallelConsumer}

func workedName(work time.Duration) string {
	n, unit := work.Milliseconds(), "ms"
	if work < time.Millisecond {
		n, unit = work.Microseconds(), "µs"
	}
	return fmt.Sprintf("%s, %d %s work", loads[0].name, n, unit)
}

func throughputCase() *benchCase {
	return &benchCase{letter: "T", rounds: 3, variants: throughputVariants, data: fillLoads}
}

func throughputVariants(quick bool) (all []variant) {
	const limit = 90 * time.Second
	for n, l := range loads {
		if quick && (n == 1 || n == 2) {
			continue
		}
		second := 2 // those that a goal or a reader looks at first, with what they are best at
		if l.size >= 1000 {
			second = 1
		}
		all = append(all, variant{
			name: l.name, limit: limit,
			who: everyone(always(boostd, bare), seldom(second, franz, parallelConsumer, kafkaBoost), seldom(1, bareDefault, hour, day)),
			run: func(ctx context.Context, s *stage, t turn) error {
				return runThroughput(ctx, s, t, s.task(l.base, l.levels-1), share(t.contestant, l.count(s.sizes)))
			},
		})
	}
	for _, w := range worked {
		if quick {
			break
		}
		all = append(all, variant{
			name: workedName(w.work), limit: limit, who: seldom(1, workers...),
			run: func(ctx context.Context, s *stage, t turn) error {
				job := s.task(loads[0].base, 0)
				job.WorkMin, job.WorkMax = w.work.Microseconds(), w.work.Microseconds()
				return runThroughput(ctx, s, t, job, w.count)
			},
		})
	}
	return all
}

// fillLoads produces everything once: each contestant reads it with a new group.
func fillLoads(ctx context.Context, s *stage) error {
	for _, l := range loads {
		if err := fillLoad(ctx, s, l); err != nil {
			return err
		}
	}
	return nil
}

func fillLoad(ctx context.Context, s *stage, l load) error {
	if err := s.create(ctx, l.base, l.levels-1, partitions); err != nil {
		return err
	}
	for level := range l.levels {
		b := batch{topic: topic(l.base, level), partitions: partitions, count: l.count(s.sizes)/l.levels + 1, value: value(level, l.size)}
		if err := s.fill(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

func runThroughput(ctx context.Context, s *stage, t turn, job task.Task, count int) error {
	job.Count = int64(count)
	c, err := s.start(ctx, t.contestant, job)
	if err != nil {
		return err
	}
	defer c.kill()
	first, last, err := span(ctx, c)
	if err != nil {
		return err
	}
	polling, err := c.await(ctx, task.Polling)
	if err != nil {
		return err
	}
	s.into.add(t, throughput, float64(count)/seconds(first, last))
	s.into.add(t, cpuEach, float64((last.used.cpu-polling.used.cpu).Nanoseconds())/1e3/float64(count))
	_, err = c.stop(ctx)
	return err
}

// span is from the first message to the last.
func span(ctx context.Context, c *contestant) (first, last said, err error) {
	if first, err = c.await(ctx, task.First); err != nil {
		return first, last, err
	}
	if last, err = c.await(ctx, task.Finished); err != nil {
		return first, last, err
	}
	if last.At <= first.At {
		return first, last, fmt.Errorf("the last message ends at %d, before the first begins at %d", last.At, first.At)
	}
	return first, last, nil
}

// seconds between two events.
func seconds(from, to said) float64 { return float64(to.At-from.At) / float64(time.Second) }

// throughputSeries are the lines of the plot by handler time.
func throughputSeries(c *collector) (all []report.Series) {
	for _, name := range workers {
		line := report.Series{Plot: report.ThroughputPlot, Contestant: name}
		addPoint(&line, 0, c.median("T", loads[0].name, name, throughput.name))
		for _, w := range worked {
			addPoint(&line, float64(w.work.Microseconds()), c.median("T", workedName(w.work), name, throughput.name))
		}
		if len(line.X) > 0 {
			all = append(all, line)
		}
	}
	return all
}

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kafkaboost/boostd/test/bench/report"
)

// Case M: how much memory the levels take, all with messages waiting.

var resident = measure{"memory", "MiB", false, "the most that was ever resident, up to the end of the last message"}

// levelCounts are those of cases M and I.
var levelCounts = []int{1, 11, 33}

// levelsName is a variant's name.
func levelsName(levels int) string {
	if levels == 1 {
		return "1 level"
	}
	return fmt.Sprintf("%d levels", levels)
}

func memoryBase(levels int) string { return fmt.Sprintf("m-%d", levels) }

func memoryCase() *benchCase {
	return &benchCase{letter: "M", rounds: 3, variants: memoryVariants,
		data: func(ctx context.Context, s *stage) error {
			for _, levels := range levelCounts {
				if s.sizes.waiting[levels] == 0 {
					continue
				}
				if err := s.create(ctx, memoryBase(levels), levels-1, partitions); err != nil {
					return err
				}
				for level := range levels {
					b := batch{topic: topic(memoryBase(levels), level), partitions: partitions, count: s.sizes.waiting[levels], value: value(level, 1000)}
					if err := s.fill(ctx, b); err != nil {
						return err
					}
				}
			}
			return nil
		}}
}

func memoryVariants(quick bool) (all []variant) {
	for _, levels := range levelCounts {
		others := seldom(1, franz, day, parallelConsumer)
		if levels < 33 { // it would take most of a minute
			others = append(others, seldom(1, kafkaBoost)...)
		}
		if quick && levels != 11 {
			continue
		} else if quick {
			others = nil
		}
		all = append(all, variant{
			name: levelsName(levels), limit: 60 * time.Second, who: everyone(always(boostd, bare), others),
			run: func(ctx context.Context, s *stage, t turn) error {
				job := s.task(memoryBase(levels), levels-1)
				job.Count = int64(share(t.contestant, levels*s.sizes.waiting[levels]))
				c, err := s.start(ctx, t.contestant, job)
				if err != nil {
					return err
				}
				defer c.kill()
				_, last, err := span(ctx, c)
				if err != nil {
					return err
				}
				s.into.add(t, resident, last.used.peak)
				_, err = c.stop(ctx)
				return err
			},
		})
	}
	return all
}

// memorySeries are the lines of the plot by number of levels.
func memorySeries(c *collector) (all []report.Series) {
	var names []string
	for _, f := range c.figures {
		if f.Case == "M" && !slices.Contains(names, f.Contestant) {
			names = append(names, f.Contestant)
		}
	}
	for _, name := range names {
		line := report.Series{Plot: report.MemoryPlot, Contestant: name}
		for _, levels := range levelCounts {
			addPoint(&line, float64(levels), c.median("M", levelsName(levels), name, resident.name))
		}
		all = append(all, line)
	}
	return all
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// cases are all, in the order of a run: what matters most comes first, should time run
// out.
var cases = []*benchCase{waitsCase(), throughputCase(), orderedCase(), memoryCase(), idleCase(), startCase(), rebalanceCase()}

// bench is a run.
type bench struct {
	options
	launch launcher
	size   sizes
	into   *collector
	began  time.Time
	say    func(format string, args ...any)
}

// run measures all cases that are wanted. What a contestant fails in is said, and kept
// in the results; so a run has results even with an error, which is a case's that
// could not be measured. Only the end of ctx ends it before.
func (b *bench) run(ctx context.Context) (err error) {
	for _, c := range cases {
		if !wants(b.cases, c.letter) {
			continue
		}
		if failed := b.measure(ctx, c); failed != nil {
			failed = fmt.Errorf("case %s: %w", c.letter, failed)
			b.say("%v", failed)
			err = errors.Join(err, failed)
		}
		if ctx.Err() != nil {
			return err
		}
	}
	return err
}

// measure runs one case on a broker of its own.
func (b *bench) measure(ctx context.Context, c *benchCase) (err error) {
	began := time.Now()
	s, err := openStage(ctx, stage{launch: b.launch, sizes: b.size, into: b.into, say: b.say})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := c.data(ctx, s); err != nil {
		return err
	}
	b.say("case %s: broker and data are there after %.1f s", c.letter, time.Since(began).Seconds())
	out := strikes{}
	rounds := c.roundsOf(b.options)
	for round := range rounds {
		for _, v := range c.variants(b.quick) {
			if err := b.round(ctx, s, c, v, round, out); err != nil {
				return err
			}
		}
		if round+1 < rounds && b.late() {
			b.say("case %s: %v are over: what is left of rounds %d to %d is left out", c.letter, b.limit, round+1, rounds)
			break
		}
	}
	b.say("case %s: done after %.1f s", c.letter, time.Since(began).Seconds())
	return nil
}

// late tells that the run's time is over. Each case still has its first round.
func (b *bench) late() bool { return time.Since(b.began) > b.limit }

// round gives each contestant of a variant its turn.
func (b *bench) round(ctx context.Context, s *stage, c *benchCase, v variant, round int, out strikes) error {
	names := v.order(round, b.contestants)
	if len(names) == 0 || round > 0 && b.late() {
		return nil
	}
	if c.whole != nil {
		within, cancel := context.WithTimeout(ctx, v.limit)
		defer cancel()
		if err := c.whole(within, s, v, names, round); err != nil {
			s.fail(turn{c.letter, v.name, names[0], round}, err)
		}
		return ctx.Err()
	}
	for _, name := range names {
		t := turn{c.letter, v.name, name, round}
		if out.out(t) || round > 0 && b.late() {
			continue
		}
		began := time.Now()
		within, cancel := context.WithTimeout(ctx, v.limit)
		err := v.run(within, s, t)
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			out.add(t)
			s.fail(t, err)
			continue
		}
		b.say("  %s, %s, round %d: %s after %.1f s: %s", c.letter, v.name, round+1, name, time.Since(began).Seconds(), b.into.summary(t))
	}
	return nil
}

// fail says, and keeps, that a turn has no value.
func (s *stage) fail(t turn, err error) {
	text := strings.Join(strings.Fields(err.Error()), " ")
	s.into.fail(t, text)
	s.say("  %s, %s, round %d: %s FAILED: %s", t.letter, t.variant, t.round+1, t.contestant, text)
}

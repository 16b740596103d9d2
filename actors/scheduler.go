package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/scheduler"
)

// schedulerActor drives the core: it tells it what happened and sends what the
// core asks for.
type schedulerActor struct {
	core    *scheduler.Core
	paused  []scheduler.Pause // from the beginning
	seats   map[scheduler.ConsumerID]*seat
	crews   []*crew // by pool
	recalls []scheduler.Recall
	// dismissed are workers that end because they were asked to, by ID; ending: all do.
	dismissed map[string]bool
	ending    bool
	died      func(error)   // the daemon's end
	idle      chan struct{} // closed when drained; nil before drain
	ticker    *fineTicker   // runs while something overtakes
	timer     *time.Timer
	wake      time.Time // when the timer goes off, zero when it isn't set
	logger    hclog.Logger
}

// seat is one consumer that there is.
type seat struct {
	name string // for logs
	pid  *actor.PID
	left chan struct{} // of giveUp; nil before it
}

// Receive implements actor.Actor.
func (s *schedulerActor) Receive(ctx actor.Context) {
	now := time.Now()
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.hireAll(ctx)
	case *begin:
		for _, p := range s.paused {
			_ = s.pause(ctx, now, p) // it has logged why
		}
		s.apply(ctx, now, s.core.Start(now))
	case *fromSource:
		s.apply(ctx, now, s.source(now, m.consumer, m.event))
	case *assignment:
		s.apply(ctx, now, s.core.Finished(now, m.pool, m.slot, m.left()))
	case *settle:
		s.core.Reuse(m.Settled)
	case *tick:
		s.wake = time.Time{}
		s.apply(ctx, now, s.core.Tick(now))
	case *overrun:
		s.core.Overrun(m.pool, m.slot)
		s.logger.Error("handler overran its timeout and ignores its cancellation; its slot is stuck until it returns",
			"pool", int(m.pool), "slot", m.slot)
	case *buried:
		s.apply(ctx, now, s.core.Buried(now, m.item, refusal(m.err)))
	case *statusRequest:
		m.reply <- s.core.Status(now)
	case *heldRequest:
		m.reply <- s.core.HeldMessages()
	case *pauseLevel:
		m.done <- s.pause(ctx, now, m.pause)
	case *resumeLevel:
		e, was := s.core.ResumeLevel(now, m.level)
		s.apply(ctx, now, e)
		m.was <- was
	case *reconfigure, *join, *alter, *giveUp, *forget:
		s.change(ctx, now)
	case *groupWork:
		for _, g := range m.levels {
			s.apply(ctx, now, s.core.Group(now, g.Pool, g.Level, g.GroupWork))
		}
	case *ping:
		m.reply <- m.name
	case *drain:
		s.idle = m.idle
		for _, k := range s.seats {
			ctx.Send(k.pid, &pause{true})
		}
		s.apply(ctx, now, s.core.Drain(now))
	case *actor.Terminated:
		s.ended(m.Who)
	case *actor.Stopping:
		s.end()
	}
}

func (s *schedulerActor) end() {
	s.ending = true
	s.ticker.close()
	if s.timer != nil {
		s.timer.Stop()
	}
}

// pause pauses a level by hand.
func (s *schedulerActor) pause(ctx actor.Context, now time.Time, p scheduler.Pause) error {
	e, err := s.core.PauseLevel(now, p)
	if err != nil {
		s.logger.Warn("level can't be paused by hand", "error", err)
		return err
	}
	s.apply(ctx, now, e)
	return nil
}

// name is a consumer's, also of one whose last events came behind its end.
func (s *schedulerActor) name(id scheduler.ConsumerID) string {
	if k := s.seats[id]; k != nil {
		return k.name
	}
	return "that is gone"
}

// source translates an event of a Source.
func (s *schedulerActor) source(now time.Time, id scheduler.ConsumerID, event any) *scheduler.Effects {
	switch e := event.(type) {
	case *boostd.Batch:
		effects := s.core.Fetched(now, id, e.Messages) // copies them
		if e.Reuse != nil {
			e.Reuse(e.Messages)
		}
		return effects
	case *boostd.Backlog:
		return s.core.Backlog(now, id, e.Messages)
	case *boostd.CaughtUp:
		return s.core.CaughtUp(now, id)
	case *boostd.Assigned:
		s.logger.Info("partitions assigned", "consumer", s.name(id), "partitions", len(e.Partitions))
		return s.core.Assigned(now, id, e.Partitions)
	case *boostd.Revoking:
		s.logger.Info("partitions revoked", "consumer", s.name(id), "partitions", len(e.Partitions))
		return s.core.Revoking(now, id, e.Partitions)
	case *boostd.Unheld:
		return s.core.Unheld(now, id, e.TopicPartition, e.Offset)
	case *boostd.Lost:
		s.logger.Warn("partitions lost", "consumer", s.name(id), "partitions", len(e.Partitions))
		return s.core.Lost(now, id, e.Partitions)
	}
	return s.core.Tick(now)
}

// apply does what the core asks for. Recalls are answered at once: a free slot
// waits for them.
func (s *schedulerActor) apply(ctx actor.Context, now time.Time, e *scheduler.Effects) {
	s.recalls = append(s.recalls[:0], e.Recalls...)
	s.send(ctx, now, e)
	for len(s.recalls) > 0 {
		r := s.recalls[len(s.recalls)-1]
		s.recalls = s.recalls[:len(s.recalls)-1]
		e := s.core.Recalled(now, r.Pool, s.crews[r.Pool].posts[r.Slot].batch.recall(r.All))
		s.recalls = append(s.recalls, e.Recalls...)
		s.send(ctx, now, e)
	}
}

func (s *schedulerActor) send(ctx actor.Context, now time.Time, e *scheduler.Effects) {
	for _, o := range e.Opened {
		s.crews[o.Pool].hire(ctx, o.Slot)
	}
	for _, d := range e.Dispatches {
		c := s.crews[d.Pool]
		p := &c.posts[d.Slot]
		p.batch.give(d, c.timeout)
		ctx.Send(p.worker, p.batch)
	}
	for _, p := range e.Preempts {
		s.crews[p.Pool].posts[p.Slot].preempt()
	}
	for _, c := range e.Closed {
		s.dismiss(ctx, c)
	}
	for id, c := range s.crews {
		pool := scheduler.PoolID(id)
		if c.want(s.core.Waiting(pool)) && s.core.Overtakes(pool, fineTick) {
			s.ticker.start()
		}
	}
	for _, k := range e.Settled {
		ctx.Send(s.seats[k.Consumer].pid, &settle{k})
	}
	for _, f := range e.Flows {
		k := s.seats[f.Consumer]
		s.logger.Info("consumer changed its state", "consumer", k.name, "state", f.State.String(), "reason", f.Reason.String())
		ctx.Send(k.pid, &pause{f.State == scheduler.Paused})
	}
	for _, b := range e.Burials {
		s.bury(ctx, b)
	}
	for _, d := range e.Drained {
		ctx.Send(s.seats[d.Consumer].pid, &drained{d.Partitions})
	}
	for _, id := range e.Left {
		close(s.seats[id].left)
	}
	s.tell(e)
	s.schedule(ctx, now, e.Wake)
	if e.Idle && s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}

// bury has a dead letter written.
func (s *schedulerActor) bury(ctx actor.Context, b scheduler.Burial) {
	self, root := ctx.Self(), ctx.ActorSystem().Root
	s.crews[b.Pool].spec.DeadLetters.Bury(b, func(err error) { root.Send(self, &buried{b.Item, err}) })
}

func refusal(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// tell logs what a person should know.
func (s *schedulerActor) tell(e *scheduler.Effects) {
	for _, h := range e.Held {
		s.logger.Warn("message is held: it waits for a person", "partition", h.String(), "offset", h.Offset,
			"level", h.Level, "attempts", h.Attempts, "reason", h.Reason)
	}
	for _, p := range e.Expired {
		s.logger.Info("a level's pause by hand is over", "level", p.Level, "paused_by", p.By)
	}
	for _, id := range e.Without {
		s.logger.Warn("started without a consumer that has not caught up", "consumer", s.seats[id].name)
	}
	if e.Started {
		s.logger.Info("dispatching begins")
	}
}

// schedule keeps the one timer. It is only ever moved forward: a timer that
// goes off early costs a tick, a Reset on every event costs more.
func (s *schedulerActor) schedule(ctx actor.Context, now, wake time.Time) {
	if wake.IsZero() || !s.wake.IsZero() && !wake.Before(s.wake) {
		return
	}
	s.wake = wake
	in := max(wake.Sub(now), 0)
	if s.timer != nil {
		s.timer.Reset(in)
		return
	}
	self, root := ctx.Self(), ctx.ActorSystem().Root
	s.timer = time.AfterFunc(in, func() { root.Send(self, &tick{}) })
}

package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/kafkaboost/boostd/scheduler"
)

// change is what changes the scheduler while it runs.
func (s *schedulerActor) change(ctx actor.Context, now time.Time) {
	switch m := ctx.Message().(type) {
	case *reconfigure:
		m.done <- s.reconfigure(ctx, now, m)
	case *join:
		id, err := s.join(ctx, now, m)
		m.reply <- joined{id, err}
	case *alter:
		m.done <- s.alter(ctx, now, m)
	case *giveUp:
		s.giveUp(ctx, now, m)
	case *forget:
		s.forget(ctx, now, m.pid)
	}
}

// reconfigure changes levels and handlers between two dispatches.
func (s *schedulerActor) reconfigure(ctx actor.Context, now time.Time, m *reconfigure) error {
	pools := make([]scheduler.PoolChange, len(m.handlers))
	for n, h := range m.handlers {
		pools[n] = h.PoolChange
	}
	e, err := s.core.Reconfigure(now, m.levels, pools)
	if err != nil {
		return err
	}
	for n, c := range s.crews {
		c.turns.grow(m.levels)
		c.timeout = m.handlers[n].Timeout
	}
	s.apply(ctx, now, e)
	return nil
}

// join adds a consumer; its Source hasn't started yet.
func (s *schedulerActor) join(ctx actor.Context, now time.Time, m *join) (scheduler.ConsumerID, error) {
	id, err := s.core.AddConsumer(m.config)
	if err != nil {
		return 0, err
	}
	s.seats[id] = &seat{name: m.config.Name, pid: m.pid}
	s.logger.Info("consumer is added", "consumer", m.config.Name)
	s.apply(ctx, now, s.core.Tick(now)) // its level may be paused
	return id, nil
}

func (s *schedulerActor) alter(ctx actor.Context, now time.Time, m *alter) error {
	e, err := s.core.SetConsumer(now, m.id, m.config)
	if err != nil {
		return err
	}
	s.apply(ctx, now, e)
	return nil
}

func (s *schedulerActor) giveUp(ctx actor.Context, now time.Time, m *giveUp) {
	if k := s.seats[m.id]; k != nil {
		k.left = m.left
		s.logger.Info("consumer is given up", "consumer", k.name)
	}
	s.apply(ctx, now, s.core.Leave(now, m.id))
}

// forget removes the consumer of an actor, if there is one.
func (s *schedulerActor) forget(ctx actor.Context, now time.Time, pid *actor.PID) {
	for id, k := range s.seats {
		if k.pid == pid {
			delete(s.seats, id)
			s.apply(ctx, now, s.core.RemoveConsumer(now, id))
			s.logger.Info("consumer is removed", "consumer", k.name)
		}
	}
}

package actors

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Who is a consumer of the engine, and whose turn it is to change one.

// team are the members that are ready, in the order of their IDs.
func (e *Engine) team() []*member {
	e.mu.Lock()
	defer e.mu.Unlock()
	team := slices.DeleteFunc(slices.Clone(e.members), func(m *member) bool { return !m.ready })
	slices.SortFunc(team, func(a, b *member) int { return cmp.Compare(a.id, b.id) })
	return team
}

// release lets the next one in.
func (m *member) release() { <-m.turn }

// enter waits for the member's turn.
func (e *Engine) enter(ctx context.Context, m *member) error {
	select {
	case <-e.stopping:
		return errStopping
	default:
	}
	select {
	case m.turn <- struct{}{}:
		return nil
	case <-e.stopping:
		return errStopping
	case <-ctx.Done():
		return fmt.Errorf("another change of it is under way: %w", context.Cause(ctx))
	}
}

func (e *Engine) find(name string) *member {
	if n := slices.IndexFunc(e.members, func(m *member) bool { return m.name == name }); n >= 0 {
		return e.members[n]
	}
	return nil
}

// take finds a member and waits for its turn; who calls it releases that.
func (e *Engine) take(ctx context.Context, name string) (*member, error) {
	for {
		e.mu.Lock()
		m := e.find(name)
		e.mu.Unlock()
		if m == nil {
			return nil, errNobody
		}
		if err := e.enter(ctx, m); err != nil {
			return nil, err
		}
		if !m.gone {
			return m, nil
		}
		m.release() // it went, and another one may have come
	}
}

// reserve takes a name for a member that is about to come. One of the same name
// that is about to go is waited for.
func (e *Engine) reserve(ctx context.Context, spec ConsumerSpec) (*member, error) {
	for {
		m := e.member(spec)
		m.turn <- struct{}{}
		e.mu.Lock()
		select {
		case <-e.stopping:
			e.mu.Unlock()
			return nil, errStopping
		default:
		}
		other := e.find(spec.Name)
		if other == nil {
			e.members = append(e.members, m)
		}
		e.mu.Unlock()
		if other == nil {
			return m, nil
		}
		if err := e.enter(ctx, other); err != nil {
			return nil, err
		}
		gone := other.gone
		if other.release(); !gone {
			return nil, errTwice
		}
	}
}

// settleMembers waits for what is under way of all members, and keeps others out.
func (e *Engine) settleMembers(ctx context.Context) (team []*member, err error) {
	e.mu.Lock()
	all := slices.Clone(e.members)
	e.mu.Unlock()
	for _, m := range all {
		select {
		case m.turn <- struct{}{}:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for a change of consumer %s: %w", m.name, context.Cause(ctx))
		}
		if !m.gone {
			team = append(team, m)
		}
	}
	return team, nil
}

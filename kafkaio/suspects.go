package kafkaio

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// recheck is how long what was seen at an address holds; a login is asked about
	// more seldom, because brokers count failures.
	recheck      = 3 * time.Second
	recheckLogin = 30 * time.Second
	// fresh is how long a client's words outweigh lesser ones that come later, and
	// how long words that nobody understands count as a trouble.
	fresh = 10 * time.Second
	// mostExamined bounds how many brokers of a large cluster are looked at.
	mostExamined = 6
)

// suspects are the brokers that a client has complained of.
type suspects struct {
	set connectionSettings

	mu sync.Mutex
	by map[string]*suspect
}

type suspect struct {
	symptom
	at       time.Time
	found    *finding
	examined time.Time
}

func newSuspects(set connectionSettings) *suspects {
	return &suspects{set: set, by: map[string]*suspect{}}
}

// note takes in a line of the client. It reports whether that is about a broker,
// or the group's coordinator, for which the broker is "".
func (s *suspects) note(text string, now time.Time) (symptom, bool) {
	seen, ok := parseSymptom(text)
	if !ok || seen.broker == "" {
		return seen, ok
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.by[seen.broker]
	switch {
	case old == nil:
		s.by[seen.broker] = &suspect{symptom: seen, at: now}
	case seen.cause > old.cause, seen.cause == old.cause && seen.text != old.text, now.Sub(old.at) > fresh:
		old.symptom, old.at, old.examined = seen, now, time.Time{}
	case seen.cause == old.cause:
		old.at = now
	}
	return seen, true
}

// brokers are those complained of, in order.
func (s *suspects) brokers() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.by))
}

// only forgets those that aren't of the cluster, or are no longer, and returns
// the others.
func (s *suspects) only(known map[string]bool) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.by, func(broker string, _ *suspect) bool { return !known[broker] })
	return slices.Sorted(maps.Keys(s.by))
}

func (s *suspects) clear(broker string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, broker)
}

// evidence looks at addresses, all at once, unless that was done less than
// recently ago, and returns what is known of each.
func (s *suspects) evidence(ctx context.Context, brokers []string, recently time.Duration) []evidence {
	if len(brokers) > mostExamined {
		brokers = brokers[:mostExamined]
	}
	all := make([]evidence, len(brokers))
	var looks sync.WaitGroup
	for n, broker := range brokers {
		looks.Go(func() { all[n] = s.look(ctx, broker, recently) })
	}
	looks.Wait()
	return all
}

func (s *suspects) look(ctx context.Context, broker string, recently time.Duration) evidence {
	s.mu.Lock()
	one := s.by[broker]
	if one == nil { // the client has said nothing yet
		one = &suspect{symptom: symptom{broker: broker}, at: time.Now()}
		s.by[broker] = one
	}
	said, found, age := one.symptom, one.found, time.Since(one.examined)
	s.mu.Unlock()
	login := said.cause == causeLogin
	if !login && age > recently || login && age > recheckLogin {
		found = examine(ctx, broker, s.set, login)
		s.mu.Lock()
		one.found, one.examined = found, time.Now()
		s.mu.Unlock()
	}
	return evidence{symptom: said, set: s.set, found: found}
}

// certain reports whether it is known what is wrong. A broker that is all right
// as far as anybody can see may just be slow.
func (s *suspects) certain(e evidence) bool {
	return e.found == nil || !e.found.usable(s.set) || e.cause == causeLogin
}

// settled reports whether a broker that others answer beside is all right: it
// was reached, and the client no longer complains of what only it could know.
func (s *suspects) settled(e evidence, now time.Time) bool {
	if e.found == nil || !e.found.usable(s.set) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.by[e.broker]
	return one == nil || e.text == "" || e.cause != causeUnknown && e.cause != causeLogin || now.Sub(one.at) > fresh
}

// Package letters is the work on dead-letter topics: it finds the letters that
// nobody has resolved, shows them, sends their messages back and purges them.
//
// It owns the order in which that happens, so that it can be interrupted and done
// again, and the account. What a letter is, and which one may go where, is the
// room deadletter's; Kafka is kafkaio's.
package letters

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/deadletter"
	"github.com/kafkaboost/boostd/kafkaio"
)

// Store is where the letters are.
type Store interface {
	Ranges(ctx context.Context, topics map[string]int) ([]kafkaio.Range, error)
	Read(ctx context.Context, ranges []kafkaio.Range, each func(*boostd.Message) error) error
	DeleteRecords(ctx context.Context, before map[boostd.TopicPartition]int64) error
}

var _ Store = (*kafkaio.Admin)(nil)

// ask bounds a question to the brokers; reading bounds itself.
const ask = 30 * time.Second

// Survey is what stood in some dead-letter topics when it was made: it knows
// which of the letters are resolved, two bits for each offset, and nothing of
// what is in them.
type Survey struct {
	store Store
	parts []*part
}

type part struct {
	kafkaio.Range
	letters, resolved set
}

// open is how many letters are not resolved, the first and the last of them.
func (p *part) open() (n int, first, last int64) { return p.letters.without(&p.resolved) }

// Look reads all of the topics, which come with their partitions, once.
func Look(ctx context.Context, store Store, topics map[string]int) (*Survey, error) {
	asking, cancel := context.WithTimeout(ctx, ask)
	defer cancel()
	ranges, err := store.Ranges(asking, topics)
	if err != nil {
		return nil, err
	}
	s := &Survey{store: store}
	for _, r := range ranges {
		s.parts = append(s.parts, &part{Range: r})
	}
	return s, s.read(ctx, ranges)
}

// read takes note of the ranges, which are of parts.
func (s *Survey) read(ctx context.Context, ranges []kafkaio.Range) error {
	parts := map[boostd.TopicPartition]*part{}
	for _, p := range s.parts {
		parts[p.TopicPartition] = p
	}
	return s.store.Read(ctx, ranges, func(m *boostd.Message) error {
		p := parts[m.TopicPartition()]
		if mark, ok := deadletter.ParseMark(m); ok {
			p.resolved.add(mark.Letter)
		} else {
			p.letters.add(m.Offset)
		}
		return nil
	})
}

// Open is how many letters are not resolved.
func (s *Survey) Open() (n int) {
	for _, p := range s.parts {
		open, _, _ := p.open()
		n += open
	}
	return n
}

// Selection says which of the open letters are meant.
type Selection struct {
	deadletter.Filter
	// Places are single letters; empty means all.
	Places map[boostd.Coordinates]bool
	// Limit is how many at most; 0 is no limit.
	Limit int
	// Now is what ages count from.
	Now time.Time
}

// ErrNotOpen says that a letter that was named is resolved, or not there.
var ErrNotOpen = errors.New("there is no open letter")

// Check reports places where there is no open letter.
func (s *Survey) Check(places map[boostd.Coordinates]bool) error {
	var errs []error
	for place := range places {
		found, resolved := false, false
		for _, p := range s.parts {
			if p.TopicPartition == place.TopicPartition {
				found, resolved = p.letters.has(place.Offset), p.resolved.has(place.Offset)
			}
		}
		switch {
		case resolved:
			errs = append(errs, fmt.Errorf("%s: %w: it is resolved", place, ErrNotOpen))
		case !found:
			errs = append(errs, fmt.Errorf("%s: %w", place, ErrNotOpen))
		}
	}
	return errors.Join(errs...)
}

// errEnough ends a reading that has what it wants.
var errEnough = errors.New("enough")

// Each calls do with every open letter that is selected, topic after topic and
// partition after partition, oldest first.
func (s *Survey) Each(ctx context.Context, sel *Selection, do func(*deadletter.Letter) error) error {
	seen := 0
	for _, p := range s.parts {
		r, ok := p.narrow(sel)
		if !ok {
			continue
		}
		err := s.store.Read(ctx, []kafkaio.Range{r}, func(m *boostd.Message) error {
			if p.resolved.has(m.Offset) || !p.letters.has(m.Offset) {
				return nil
			}
			l := deadletter.Parse(m)
			if len(sel.Places) > 0 && !sel.Places[l.At] || !sel.Matches(&l, sel.Now) {
				return nil
			}
			if err := do(&l); err != nil {
				return err
			}
			if seen++; seen == sel.Limit {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// narrow is the part of a partition in which selected letters can be.
func (p *part) narrow(sel *Selection) (kafkaio.Range, bool) {
	n, first, last := p.open()
	if n == 0 {
		return kafkaio.Range{}, false
	}
	r := kafkaio.Range{TopicPartition: p.TopicPartition, From: first, To: last + 1}
	if len(sel.Places) == 0 {
		return r, true
	}
	low, high := r.To, int64(-1)
	for place := range sel.Places {
		if place.TopicPartition == p.TopicPartition {
			low, high = min(low, place.Offset), max(high, place.Offset)
		}
	}
	r.From, r.To = max(r.From, low), min(r.To, high+1)
	return r, r.From < r.To
}

// Trim deletes what stands before the first open letter of each partition: the
// resolved ones, and the marks among them. It first looks at what has come since
// the survey, so that new letters stay. It returns how many records are gone.
func (s *Survey) Trim(ctx context.Context) (records int64, err error) {
	asking, cancel := context.WithTimeout(ctx, ask)
	defer cancel()
	topics := map[string]int{}
	for _, p := range s.parts {
		topics[p.Topic] = max(topics[p.Topic], int(p.Partition)+1)
	}
	now, err := s.store.Ranges(asking, topics)
	if err != nil {
		return 0, err
	}
	fresh := make([]kafkaio.Range, len(now))
	for n, r := range now { // in the same order: the topics are the same
		p := s.parts[n]
		fresh[n] = kafkaio.Range{TopicPartition: r.TopicPartition, From: max(p.To, r.From), To: r.To}
		p.From, p.To = r.From, r.To
	}
	if err := s.read(ctx, fresh); err != nil {
		return 0, err
	}
	before := map[boostd.TopicPartition]int64{}
	for _, p := range s.parts {
		until := p.To
		if n, first, _ := p.open(); n > 0 {
			until = first
		}
		if until > p.From {
			before[p.TopicPartition], records = until, records+until-p.From
		}
	}
	deleting, cancelDeleting := context.WithTimeout(ctx, ask)
	defer cancelDeleting()
	return records, s.store.DeleteRecords(deleting, before)
}

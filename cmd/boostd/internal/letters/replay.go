package letters

import (
	"context"
	"fmt"
	"time"

	"github.com/kafkaboost/boostd/deadletter"
	"github.com/kafkaboost/boostd/kafkaio"
)

// Replay is how messages are sent back.
type Replay struct {
	// Rate is how many a second at most; 0 is no bound.
	Rate int
	// Most is how often a message may be replayed in all.
	Most int
	// Partitions are those of all topics.
	Partitions map[string]int
}

// Replay sends the messages of the selected letters back to where they came
// from, in the order of the letters, and marks each letter once the brokers have
// its message. So what is interrupted can be done again: at most InFlight
// messages are then sent twice. Letters that may not be replayed stay.
//
// It ends early with ctx's cause, when the producer is broken, or when marks
// can't be written; the account then says what is done.
func (s *Survey) Replay(ctx context.Context, sel *Selection, sender Sender, o Replay, account *Account) error {
	return resolving(ctx, sender, account, func(ctx context.Context, r *resolver) error {
		pace := newPace(o.Rate)
		return s.Each(ctx, sel, func(l *deadletter.Letter) error {
			account.change(func() { account.selected++ })
			record, err := o.record(l)
			if err != nil {
				account.refuse(l, err)
				return nil
			}
			if _, exists := o.Partitions[record.Topic]; !exists {
				account.fail(l.At, fmt.Errorf("send back to %s: %w", record.Topic, kafkaio.ErrNoTopic))
				return nil
			}
			if err := r.begin(ctx); err != nil {
				return err
			}
			if err := pace.wait(ctx); err != nil {
				<-r.slots
				return err
			}
			return r.send(ctx, l.At, record)
		})
	})
}

// Rehearse counts what a replay would do, as if it were done.
func (s *Survey) Rehearse(ctx context.Context, sel *Selection, o Replay, account *Account) error {
	defer account.end(0)
	return s.Each(ctx, sel, func(l *deadletter.Letter) error {
		record, err := o.record(l)
		if err != nil {
			account.refuse(l, err)
		}
		account.change(func() {
			if account.selected++; err == nil {
				account.resolved++
				account.topics[record.Topic]++
			}
		})
		return nil
	})
}

// record is a letter's message as it goes back: into the partition that it came
// from, as long as there is one, so that it meets the others of its key.
func (o *Replay) record(l *deadletter.Letter) (kafkaio.Record, error) {
	m, err := l.Replay(o.Most)
	if err != nil {
		return kafkaio.Record{}, err
	}
	if int(m.Partition) >= o.Partitions[m.Topic] {
		m.Partition = kafkaio.AnyPartition
	}
	return kafkaio.Record{Topic: m.Topic, Partition: m.Partition, Key: m.Key, Value: m.Value, Headers: m.Headers}, nil
}

// Purge marks the selected letters as purged.
func (s *Survey) Purge(ctx context.Context, sel *Selection, sender Sender, account *Account) error {
	return resolving(ctx, sender, account, func(ctx context.Context, r *resolver) error {
		return s.Each(ctx, sel, func(l *deadletter.Letter) error {
			account.change(func() { account.selected++ })
			if err := r.begin(ctx); err != nil {
				return err
			}
			r.mark(ctx, l.At, deadletter.Purged)
			return nil
		})
	})
}

// Count counts the selected letters, as if they were purged.
func (s *Survey) Count(ctx context.Context, sel *Selection, account *Account) error {
	defer account.end(0)
	return s.Each(ctx, sel, func(*deadletter.Letter) error {
		account.change(func() { account.selected, account.resolved = account.selected+1, account.resolved+1 })
		return nil
	})
}

// pace lets so many pass in a second, evenly.
type pace struct {
	interval time.Duration
	next     time.Time
}

func newPace(rate int) *pace {
	p := &pace{next: time.Now()}
	if rate > 0 {
		p.interval = time.Second / time.Duration(rate)
	}
	return p
}

// wait returns when it is the next one's turn. Time that nobody used is not made
// up for.
func (p *pace) wait(ctx context.Context) error {
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	delay := p.next.Sub(now)
	p.next = p.next.Add(p.interval)
	if delay <= 0 {
		return nil
	}
	select {
	case <-time.After(delay):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

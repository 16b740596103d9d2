package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// shares say how many of a hundred messages are of which level; a level below
// the boosted ones is that of the base topic.
var shares = map[int]int{0: 30, 6: 20, 7: 15, 8: 15, 9: 10, 10: 10}

// keys is how many different keys there are, so that some messages wait for
// others of their key.
const keys = 3000

// A message's size in bytes, beside its id: of the stream's, and of a burst's.
var usualSize, largeSize = strings.Repeat("x", 200), strings.Repeat("x", 10<<10)

// Load writes messages with unique ids and notes which are acknowledged.
type Load struct {
	client  *Client
	journal *Journal
	topic   func(level int) string
	rand    *rand.Rand // the stream's own
	levels  []int      // a hundred, by shares
	next    atomic.Int64
	stop    context.CancelFunc
	streams sync.WaitGroup

	mu     sync.Mutex
	failed []error
}

// NewLoad makes a load; topic tells a level's topic.
func NewLoad(c *Client, j *Journal, seed uint64, topic func(level int) string) *Load {
	l := &Load{client: c, journal: j, topic: topic, rand: rand.New(rand.NewPCG(seed, 1))}
	for level := range 11 {
		for range shares[level] {
			l.levels = append(l.levels, level)
		}
	}
	return l
}

// Stream sends perSecond messages a second until Stop, and perSecond/50 of them
// to the topic apart.
func (l *Load) Stream(perSecond int, apart string) {
	ctx, cancel := context.WithCancel(context.Background())
	l.stop = cancel
	l.streams.Go(func() {
		tick := time.NewTicker(time.Second / 100) // and a batch each
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for range (n+1)*perSecond/100 - n*perSecond/100 {
				l.send(l.levels[l.rand.IntN(len(l.levels))], usualSize)
			}
			if n%50 == 0 {
				l.write(apart, 0, usualSize, true)
			}
		}
	})
}

// Burst sends n large messages at once.
func (l *Load) Burst(n int) {
	for i := range n {
		l.send(l.levels[i%len(l.levels)], largeSize)
	}
}

func (l *Load) send(level int, pad string) { l.write(l.topic(level), level, pad, false) }

func (l *Load) write(topic string, level int, pad string, apart bool) {
	id := l.next.Add(1)
	key := "k" + strconv.FormatInt(id*7919%keys, 10)
	value := fmt.Sprintf(`{"id":%d,"pad":%q}`, id, pad)
	record := &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}
	l.client.kafka.Produce(context.Background(), record, func(r *kgo.Record, err error) {
		if err != nil {
			if !apart { // which may be lost with its topic
				l.mu.Lock()
				l.failed = append(l.failed, err)
				l.mu.Unlock()
			}
			return
		}
		a := Ack{ID: id, At: l.journal.Now(), Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Level: level, Key: key, Apart: apart}
		l.journal.note(func(h *History) { h.Acks = append(h.Acks, a) })
	})
}

// Halt ends the stream, if there is one, and waits for nothing else.
func (l *Load) Halt() {
	if l.stop != nil {
		l.stop()
	}
	l.streams.Wait()
}

// Stop ends the stream and waits for all acknowledgements. A message that was
// refused is no loss, but a load that can't be sent proves nothing: an error.
func (l *Load) Stop(ctx context.Context) error {
	l.Halt()
	if err := l.client.kafka.Flush(ctx); err != nil {
		return fmt.Errorf("wait for acknowledgements: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.failed) > 0 {
		return fmt.Errorf("%d messages were not acknowledged, the first: %w", len(l.failed), errors.Join(l.failed[0]))
	}
	return nil
}

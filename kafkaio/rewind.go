package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

// Rewind says how far groups go back before they are joined. One of the two is
// set; with neither nothing is rewound.
type Rewind struct {
	// Since goes back to the first message whose timestamp is that much younger
	// than the moment at which rewinding was asked for, or less.
	Since time.Duration
	// Messages is how many offsets each partition goes back.
	Messages int64
}

// ParseRewind reads a duration such as 10m, or a number of messages such as
// 5000; both are above 0.
func ParseRewind(text string) (Rewind, error) {
	wrong := fmt.Errorf("%q: want a duration, such as 10m, or a number of messages for each partition, such as 5000", text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n < 1 {
			return Rewind{}, wrong
		}
		return Rewind{Messages: n}, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return Rewind{}, wrong
	}
	return Rewind{Since: d}, nil
}

// Zero reports whether nothing is to be rewound.
func (r Rewind) Zero() bool { return r == Rewind{} }

// String is what ParseRewind reads.
func (r Rewind) String() string {
	if r.Messages > 0 {
		return strconv.FormatInt(r.Messages, 10)
	}
	return r.Since.String()
}

// place is what is known of a partition before its group is rewound.
type place struct {
	committed int64
	// low and end are the partition's first offset and the one behind its last;
	// since is the first one that is young enough, offsets.Unknown when none is.
	low, end, since int64
}

// target is the offset to commit. It is never ahead of the committed one; where
// that lies outside of what the partition holds, nothing below low is meant.
func (r Rewind) target(p place) int64 {
	to := min(p.committed, p.end) - r.Messages
	if r.Messages == 0 {
		to = p.end
		if p.since != offsets.Unknown {
			to = p.since
		}
	}
	return min(p.committed, max(to, p.low))
}

// Rewound is what became of one group.
type Rewound struct {
	Group string
	// Partitions is how many went back, Messages by how many offsets in all: as
	// many messages come again, or fewer where the log has gaps.
	Partitions int
	Messages   int64
}

// ErrGroupActive says that a group has members: Kafka takes offsets from nobody
// else then.
var ErrGroupActive = errors.New("has members: another boostd or KafkaBoost's consumers run, " +
	"or one was killed and its session is not over; stop them (boostd config check shows how many members each group has)")

// rewindGroup is one group's own client and what is to be done with it.
type rewindGroup struct {
	name   string
	client *kafka.Consumer
	stored []kafka.TopicPartition // what the group has committed
	back   []kafka.TopicPartition // what it is to have
	sum    int64
}

// Rewind takes the groups' committed offsets back; groups has the topics that
// each one reads. Partitions without a committed offset stay as they are. Where
// one of the groups has members the error wraps ErrGroupActive, and nothing has
// been changed in any. Connect comes first; ctx has a deadline.
//
// An admin client's questions for a group can end the process (see
// Source.askOrigins), so each group is asked by a consumer that never joins.
func (a *Admin) Rewind(ctx context.Context, groups map[string][]string, r Rewind) ([]Rewound, error) {
	young := time.Now().Add(-r.Since)
	partitions, err := a.Topics(ctx)
	if err != nil {
		return nil, err
	}
	var all []*rewindGroup
	defer func() {
		for _, g := range all {
			g.close(ctx)
		}
	}()
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		client, err := a.bystander(name, "rewind")
		if err != nil {
			return nil, err
		}
		all = append(all, &rewindGroup{name: name, client: client})
	}
	err = eachGroup(all, func(g *rewindGroup) error { return g.ask(ctx, groups[g.name], partitions) })
	if err == nil {
		err = a.planRewind(ctx, all, r, young)
	}
	if err == nil {
		// What changes nothing is refused as what does: so all are asked before
		// any is changed.
		err = eachGroup(all, func(g *rewindGroup) error { return g.commit(ctx, g.stored[:min(1, len(g.stored))]) })
	}
	if err != nil {
		return nil, fmt.Errorf("rewind, nothing was changed: %w", err)
	}
	var done []Rewound
	for _, g := range all {
		if err := g.commit(ctx, g.back); err != nil {
			return done, fmt.Errorf("rewind, %d of %d groups are rewound: %w", len(done), len(all), err)
		}
		done = append(done, Rewound{g.name, len(g.back), g.sum})
	}
	return done, nil
}

// eachGroup asks all at the same time: each waits for a coordinator of its own.
func eachGroup(groups []*rewindGroup, ask func(*rewindGroup) error) error {
	errs := make([]error, len(groups))
	var asking sync.WaitGroup
	for n, g := range groups {
		asking.Go(func() { errs[n] = ask(g) })
	}
	asking.Wait()
	return errors.Join(errs...)
}

// ask finds what the group has committed of its topics.
func (g *rewindGroup) ask(ctx context.Context, topics []string, partitions map[string]int) error {
	var tps []boostd.TopicPartition
	for _, topic := range topics {
		for p := range partitions[topic] {
			tps = append(tps, boostd.TopicPartition{Topic: topic, Partition: int32(p)})
		}
	}
	if len(tps) == 0 {
		return nil
	}
	answer, err := g.client.Committed(toKafka(tps), remaining(ctx))
	var k kafka.Error
	if errors.As(err, &k) && k.Code() == kafka.ErrGroupIDNotFound {
		return nil // only some brokers say so of a new group
	}
	if err != nil {
		return fmt.Errorf("list committed offsets of %s: %w", g.name, err)
	}
	for _, p := range answer {
		if p.Error != nil {
			return fmt.Errorf("list committed offsets of %s: %s/%d: %w", g.name, *p.Topic, p.Partition, p.Error)
		}
		if p.Offset >= 0 {
			g.stored = append(g.stored, p)
		}
	}
	return nil
}

// planRewind decides what each group is to have.
func (a *Admin) planRewind(ctx context.Context, groups []*rewindGroup, r Rewind, young time.Time) error {
	tps := map[boostd.TopicPartition]bool{}
	for _, g := range groups {
		for _, p := range g.stored {
			tps[partitionOf(p)] = true
		}
	}
	places, err := a.places(ctx, slices.Collect(maps.Keys(tps)), r, young)
	if err != nil {
		return err
	}
	for _, g := range groups {
		for _, p := range g.stored {
			at := places[partitionOf(p)]
			at.committed = int64(p.Offset)
			if to := r.target(at); to < at.committed {
				g.sum += at.committed - to
				g.back = append(g.back, kafka.TopicPartition{Topic: p.Topic, Partition: p.Partition, Offset: kafka.Offset(to)})
			}
		}
	}
	return nil
}

// places asks where partitions begin and end, and where the first message as
// young as young is, if r goes by time. All must be known: a guess could skip messages.
func (a *Admin) places(ctx context.Context, tps []boostd.TopicPartition, r Rewind, young time.Time) (map[boostd.TopicPartition]place, error) {
	isolation := a.config.isolation()
	low, err := listOffsets(ctx, a.client, isolation, tps, kafka.EarliestOffsetSpec)
	if err != nil {
		return nil, err
	}
	end, err := listOffsets(ctx, a.client, isolation, tps, kafka.LatestOffsetSpec)
	if err != nil {
		return nil, err
	}
	since := low
	if r.Since > 0 {
		spec := kafka.NewOffsetSpecForTimestamp(young.UnixMilli())
		if since, err = listOffsets(ctx, a.client, isolation, tps, spec); err != nil {
			return nil, err
		}
	}
	places := make(map[boostd.TopicPartition]place, len(tps))
	for _, tp := range tps {
		l, hasLow := low[tp]
		e, hasEnd := end[tp]
		s, hasSince := since[tp]
		if !hasLow || !hasEnd || !hasSince {
			return nil, fmt.Errorf("list offsets of %v: no answer from its leader", tp)
		}
		places[tp] = place{low: l, end: e, since: max(s, offsets.Unknown)}
	}
	return places, nil
}

// commit gives the group these offsets. A client whose call outlives ctx must
// not be closed under it and is left to the process's end.
func (g *rewindGroup) commit(ctx context.Context, list []kafka.TopicPartition) error {
	if len(list) == 0 {
		return nil
	}
	result := make(chan error, 1)
	client := g.client
	go func() {
		answer, err := client.CommitOffsets(list)
		for _, p := range answer {
			if err == nil && p.Error != nil {
				err = p.Error
			}
		}
		result <- err
	}()
	select {
	case err := <-result:
		return g.explain(err)
	case <-ctx.Done():
		g.client = nil
		return fmt.Errorf("commit offsets of group %s: no answer from its coordinator: %w", g.name, context.Cause(ctx))
	}
}

// explain says what a refused commit means.
func (g *rewindGroup) explain(err error) error {
	if err == nil {
		return nil
	}
	if k, ok := errors.AsType[kafka.Error](err); ok {
		switch k.Code() {
		case kafka.ErrUnknownMemberID, kafka.ErrIllegalGeneration, kafka.ErrRebalanceInProgress:
			return fmt.Errorf("group %s %w", g.name, ErrGroupActive)
		}
	}
	return fmt.Errorf("commit offsets of group %s: %w", g.name, err)
}

// close ends the client, unless a call has outlived its time.
func (g *rewindGroup) close(ctx context.Context) {
	if g.client != nil {
		closeInTime(ctx, g.client)
	}
}

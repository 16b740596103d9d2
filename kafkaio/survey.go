package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

// Survey asks how far groups are that this process need not be in: all of them at
// once, with one question for each group and one or two for all partitions. Not
// safe for concurrent use.
type Survey struct {
	admin  *Admin
	groups []surveyed
	topics map[string]described
	at     time.Time // when topics were described
}

// surveyed is one group, with its topics sorted.
type surveyed struct {
	onlooker *Onlooker
	topics   []string
}

// described is a topic as it is now. One that there isn't has no partitions.
type described struct {
	id         offsets.TopicID
	partitions int
	err        error // it can't be described
}

// GroupWork is what a group has to do of some partitions: see offsets.Standing.
type GroupWork struct{ Outstanding, Done int64 }

// Survey makes a survey of groups and their topics; it doesn't connect yet. The
// caller closes it, before the Admin.
func (a *Admin) Survey(groups map[string][]string) (*Survey, error) {
	s := &Survey{admin: a}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		o, err := a.Onlook(name)
		if err != nil {
			return nil, errors.Join(err, s.closeAtOnce())
		}
		s.groups = append(s.groups, surveyed{o, slices.Sorted(slices.Values(groups[name]))})
	}
	return s, nil
}

func (s *Survey) closeAtOnce() error {
	var errs []error
	for _, g := range s.groups { // nothing has connected yet
		errs = append(errs, g.onlooker.client.Close())
	}
	return errors.Join(errs...)
}

// Close ends the clients; with brokers that hang their end may come after ctx's.
func (s *Survey) Close(ctx context.Context) {
	var closing sync.WaitGroup
	for _, g := range s.groups {
		closing.Go(func() { g.onlooker.Close(ctx) })
	}
	closing.Wait()
}

// Ask is what each group has to do, by group and topic; ctx has a deadline. A
// topic of which a part is unknown is absent, and then the error says why. What
// lies in a partition without a committed offset counts as kafka.start says: all
// of it, or nothing where the group would begin at the end.
func (s *Survey) Ask(ctx context.Context) (map[string]map[string]GroupWork, error) {
	if err := s.describe(ctx); err != nil {
		return nil, err
	}
	var all []string
	for _, g := range s.groups {
		all = append(all, g.topics...)
	}
	slices.Sort(all)
	// Before the committed offsets: what is done meanwhile would look undone.
	ends, err := listEnds(ctx, s.admin.client, s.admin.config.isolation(), s.partitions(slices.Compact(all)))
	if err != nil {
		return nil, err
	}
	answers := make([]answered, len(s.groups))
	var asking sync.WaitGroup // a coordinator that hangs holds up no other
	for n, g := range s.groups {
		asking.Go(func() { answers[n] = s.committed(ctx, g) })
	}
	asking.Wait()
	first, err := s.firsts(ctx, ends, answers)
	if err != nil {
		return nil, err
	}
	work := map[string]map[string]GroupWork{}
	var errs []error
	for n, g := range s.groups {
		found, err := s.sum(g, answers[n], first, ends)
		work[g.onlooker.group] = found
		errs = append(errs, err)
	}
	return work, errors.Join(errs...)
}

// describe asks what the topics are, now and then: one may be made anew, or grow.
func (s *Survey) describe(ctx context.Context) error {
	if time.Since(s.at) < topicInterval {
		return nil
	}
	known := map[string]described{}
	for _, g := range s.groups {
		for _, topic := range g.topics {
			known[topic] = described{}
		}
	}
	names := kafka.NewTopicCollectionOfTopicNames(slices.Sorted(maps.Keys(known)))
	answer, err := s.admin.client.DescribeTopics(ctx, names, kafka.SetAdminRequestTimeout(untilDeadline(ctx)))
	if err != nil {
		return fmt.Errorf("describe topics: %w", err)
	}
	for _, t := range answer.TopicDescriptions {
		switch t.Error.Code() {
		case kafka.ErrNoError:
			known[t.Name] = described{topicID(t), len(t.Partitions), nil}
		case kafka.ErrUnknownTopicOrPart, kafka.ErrUnknownTopic: // nothing waits in it
		default:
			known[t.Name] = described{err: fmt.Errorf("describe topic %s: %w", t.Name, t.Error)}
		}
	}
	s.topics, s.at = known, time.Now()
	return nil
}

func (s *Survey) partitions(topics []string) (tps []boostd.TopicPartition) {
	for _, topic := range topics {
		for p := range s.topics[topic].partitions {
			tps = append(tps, boostd.TopicPartition{Topic: topic, Partition: int32(p)})
		}
	}
	return tps
}

// answered is what a group has committed.
type answered struct {
	offsets map[boostd.TopicPartition]kafka.TopicPartition
	err     error
}

func (s *Survey) committed(ctx context.Context, g surveyed) answered {
	tps := s.partitions(g.topics)
	found := make(map[boostd.TopicPartition]kafka.TopicPartition, len(tps))
	if len(tps) == 0 {
		return answered{found, nil}
	}
	answer, err := g.onlooker.ask(ctx, tps)
	for _, p := range answer {
		found[partitionOf(p)] = p
	}
	return answered{found, err}
}

// firsts asks where partitions begin in which something lies behind the committed
// offset: it may have been deleted since.
func (s *Survey) firsts(ctx context.Context, ends map[boostd.TopicPartition]int64, answers []answered) (map[boostd.TopicPartition]int64, error) {
	var tps []boostd.TopicPartition
	for n, g := range s.groups {
		for _, tp := range s.partitions(g.topics) {
			// One that was never committed, or not answered, has offset 0 or below.
			if end := ends[tp]; answers[n].err == nil && int64(answers[n].offsets[tp].Offset) < end {
				tps = append(tps, tp)
			}
		}
	}
	return listOffsets(ctx, s.admin.client, s.admin.config.isolation(), tps, kafka.EarliestOffsetSpec)
}

// sum adds up a group's partitions by topic.
func (s *Survey) sum(g surveyed, a answered, first, ends map[boostd.TopicPartition]int64) (map[string]GroupWork, error) {
	if a.err != nil {
		return nil, a.err
	}
	found := map[string]GroupWork{}
	var errs []error
	for _, topic := range g.topics {
		var sum GroupWork
		err := s.topics[topic].err
		for _, tp := range s.partitions([]string{topic}) {
			standing, problem := s.standing(tp, a, first, ends)
			if problem != nil {
				err = fmt.Errorf("ask how far group %s is with %v: %w", g.onlooker.group, tp, problem)
				continue
			}
			outstanding, done := standing.Work()
			sum.Outstanding, sum.Done = sum.Outstanding+outstanding, sum.Done+done
		}
		if errs = append(errs, err); err == nil {
			found[topic] = sum
		}
	}
	return found, errors.Join(errs...)
}

// standing puts together what is known of a partition.
func (s *Survey) standing(tp boostd.TopicPartition, a answered, first, ends map[boostd.TopicPartition]int64) (offsets.Standing, error) {
	p, told := a.offsets[tp]
	if told && p.Error != nil {
		return offsets.Standing{}, p.Error
	}
	standing := offsets.Standing{Topic: s.topics[tp.Topic].id, Committed: offsets.Unknown}
	if told && p.Offset >= 0 {
		standing.Committed = int64(p.Offset)
		if p.Metadata != nil {
			standing.Metadata = *p.Metadata
		}
	}
	var known bool
	if standing.End, known = ends[tp]; !known {
		return standing, errors.New("its end is unknown")
	}
	if standing.First, known = first[tp]; !known && standing.Committed < standing.End && standing.End > 0 {
		return standing, errors.New("its beginning is unknown")
	}
	if s.admin.config.Start != "earliest" {
		standing.Start = standing.End
	}
	return standing, nil
}

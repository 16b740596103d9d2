package kafkaio

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

const (
	probeInterval = time.Second
	probeTimeout  = 3 * time.Second
	// probeLate is when an answer is so late that brokers are looked at.
	probeLate = time.Second
)

// Probe asks the brokers, for all Sources together, where their partitions
// end. One question a second for 132 partitions costs about a thousandth of a
// core; a Source's own client knows nothing new while it is paused.
type Probe struct {
	config Config
	admin  *kafka.AdminClient
	logger hclog.Logger
	tasks  sync.WaitGroup
	stop   context.CancelFunc
	wake   chan struct{}

	answered atomic.Int64 // Unix nanoseconds; when brokers last did

	mu      sync.Mutex
	sources map[*Source]bool
}

// answers reports whether brokers have answered a moment ago.
func (p *Probe) answers(now time.Time) bool {
	return now.Sub(time.Unix(0, p.answered.Load())) < 2*probeTimeout
}

// NewProbe starts the probe; Stop ends it.
func NewProbe(c Config, logger hclog.Logger) (*Probe, error) {
	admin, err := newAdmin(c, "probe", nil)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &Probe{config: c, admin: admin, logger: logger, stop: cancel, wake: make(chan struct{}, 1), sources: map[*Source]bool{}}
	p.tasks.Go(func() { p.run(ctx) })
	return p, nil
}

// Stop ends the probe and waits for it; a question under way is given up.
func (p *Probe) Stop() {
	p.stop()
	p.tasks.Wait()
	p.admin.Close()
}

func (p *Probe) add(s *Source) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sources[s] = true
}

func (p *Probe) remove(s *Source) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sources, s)
}

// nudge makes it ask now, because there are new partitions.
func (p *Probe) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *Probe) run(ctx context.Context) {
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-p.wake:
		}
		if err := p.ask(ctx); err != nil && ctx.Err() == nil {
			p.logger.Debug("backlog is not known", "error", err)
		}
	}
}

// ask gets the ends of all assigned partitions and tells each Source its sum.
func (p *Probe) ask(ctx context.Context) error {
	p.mu.Lock()
	assigned := map[*Source][]boostd.TopicPartition{}
	for s := range p.sources {
		assigned[s] = s.partitions()
	}
	p.mu.Unlock()
	// Of a broker that hangs the Sources' own clients say nothing for long.
	late := time.AfterFunc(probeLate, func() {
		for s := range assigned {
			s.watch.look(&s.watch.everyBroker)
		}
	})
	defer late.Stop()
	var all []boostd.TopicPartition
	for _, tps := range assigned {
		all = append(all, tps...)
	}
	ends, err := p.ends(ctx, all)
	if err == nil && len(ends) > 0 {
		p.answered.Store(time.Now().UnixNano())
	}
	for s, tps := range assigned {
		s.count(tps, ends)
	}
	return err
}

// ends asks for the end of every partition; those that failed are missing.
func (p *Probe) ends(ctx context.Context, tps []boostd.TopicPartition) (map[boostd.TopicPartition]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return listEnds(ctx, p.admin, p.config.isolation(), tps)
}

// listEnds is the question itself; ctx has a deadline.
func listEnds(ctx context.Context, admin *kafka.AdminClient, isolation kafka.IsolationLevel, tps []boostd.TopicPartition) (map[boostd.TopicPartition]int64, error) {
	return listOffsets(ctx, admin, isolation, tps, kafka.LatestOffsetSpec)
}

// listOffsets asks every partition for the offset of a spec; those that failed
// are missing. ctx has a deadline.
func listOffsets(ctx context.Context, admin *kafka.AdminClient, isolation kafka.IsolationLevel, tps []boostd.TopicPartition, spec kafka.OffsetSpec) (map[boostd.TopicPartition]int64, error) {
	found := make(map[boostd.TopicPartition]int64, len(tps))
	if len(tps) == 0 {
		return found, nil
	}
	question := make(map[kafka.TopicPartition]kafka.OffsetSpec, len(tps))
	for n := range tps {
		question[kafka.TopicPartition{Topic: &tps[n].Topic, Partition: tps[n].Partition}] = spec
	}
	answer, err := admin.ListOffsets(ctx, question,
		kafka.SetAdminIsolationLevel(isolation), kafka.SetAdminRequestTimeout(untilDeadline(ctx)))
	if err != nil {
		return found, fmt.Errorf("list offsets of %d partitions: %w", len(tps), err)
	}
	for tp, info := range answer.ResultInfos {
		if info.Error.Code() == kafka.ErrNoError {
			found[partitionOf(tp)] = int64(info.Offset)
		}
	}
	return found, nil
}

// partitions are those that the Source is assigned.
func (s *Source) partitions() []boostd.TopicPartition {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tracker.Partitions()
}

// count notes where the Source's partitions end; the poll loop tells the sum.
func (s *Source) count(tps []boostd.TopicPartition, ends map[boostd.TopicPartition]int64) {
	known := make(map[boostd.TopicPartition]int64, len(tps))
	for _, tp := range tps {
		end, ok := ends[tp]
		if !ok {
			return // a part is unknown: the last figures stand
		}
		known[tp] = end
	}
	before := s.waiting()
	s.mu.Lock()
	for tp := range known {
		if _, assigned := s.tracker.Epoch(tp); !assigned { // gone meanwhile
			delete(known, tp)
		}
	}
	s.ends = known
	s.mu.Unlock()
	if s.waiting() != before {
		s.nudge()
	}
}

// waiting is how many messages wait in the brokers: up to the ends that the
// probe has seen last, from where this Source is now. -1 when that is unknown.
func (s *Source) waiting() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ends == nil || len(s.restoring) > 0 {
		return -1
	}
	sum := int64(0)
	for tp, end := range s.ends {
		sum += max(0, end-s.position(tp, end))
	}
	return sum
}

// position is where a partition's backlog begins. Without any offset it is the
// beginning, or the end where such groups start there. The caller holds mu.
func (s *Source) position(tp boostd.TopicPartition, end int64) int64 {
	if at, ok := s.tracker.Position(tp); ok {
		return at
	}
	at, known := s.positions[tp]
	switch {
	case known && at != offsets.Unknown:
		return at
	case s.o.Config.Start == "earliest":
		return 0
	default:
		return end
	}
}

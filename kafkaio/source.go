package kafkaio

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/hashicorp/go-hclog"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/offsets"
)

// SourceOptions say what a Source reads and how.
type SourceOptions struct {
	Config Config
	// Group is the whole name of the consumer group, Topics what it reads at first:
	// see SetTopics.
	Group  string
	Topics []string
	// Level is the level's number or "base": for logs, the client's name, and
	// kafka.levels.
	Level string
	// Member is the source's name as a static member of the group; empty for an
	// ordinary member.
	Member string
	Window Window
	// Consumers is how many the process has, which share the memory that messages
	// wait in; 0 for many.
	Consumers int
	// Activity and Probe are shared by all Sources of the process; Probe may be
	// nil: then there are no Backlog events.
	Activity *Activity
	Probe    *Probe
	Logger   hclog.Logger
	// RevokeDrain bounds the wait for what is in flight when partitions are
	// revoked (3 s); CommitInterval is the time between commits
	// (1 s, in transactions 100 ms);
	// CommitTimeout bounds one commit and one close (5 s). Zero means those.
	RevokeDrain, CommitInterval, CommitTimeout time.Duration
	// StuckCommit is how long a commit may be under way before a Consumer replaces
	// its client (1 min), RenewalPause the least time between two replacements
	// (10 s). Zero means those.
	StuckCommit, RenewalPause time.Duration
	// TopicInterval is the time between two looks at the topics' identities (15 s).
	TopicInterval time.Duration
	// BeforeCommit is called before each commit, from any goroutine; what must be
	// safe before a message counts as done for ever belongs there. May be nil.
	BeforeCommit func()
	// Transactions has offsets committed in transactions, for Write; nil: they are
	// committed by themselves.
	Transactions *Transactions

	oneByOne bool // read with the client's Poll alone, for tests
}

// Source reads topics as a member of an ordinary Kafka consumer group. It
// implements actors.Source.
//
// Several goroutines share it: the poll loop, which alone calls Subscribe, Poll,
// Pause, Resume and emit, and in which rebalances happen; the committer; the reader
// of the client's log; watch, which looks into what the client complains of; and
// those that look after the topics. Settle and the like come from anywhere.
type Source struct {
	o      SourceOptions
	logger hclog.Logger
	client *kafka.Consumer
	emit   func(any)
	tasks  sync.WaitGroup
	// logQueue is what the client logs; where that is nil, logs is.
	logQueue *logQueue
	logs     chan kafka.LogEvent
	stop     chan struct{} // closed when the last commit has ended: so does the poll loop
	polled   chan struct{} // closed when the poll loop has ended
	closed   chan struct{} // closed when the client is
	started  bool
	stopped  atomic.Bool // Stop was called: nothing more is emitted

	mu                     sync.Mutex // guards what follows
	tracker                *offsets.Tracker
	unsettled, failed      extent                           // failed: those of unsettled that have failed and stay
	starved                bool                             // the poll loop waits for room
	ends                   map[boostd.TopicPartition]int64  // the newest from the probe; nil unknown
	positions              map[boostd.TopicPartition]int64  // committed, where nothing was delivered yet
	restoring              map[boostd.TopicPartition]uint32 // by epoch: what was committed isn't known yet
	origins                []origin                         // found, for the poll loop
	endings                []ending                         // the same
	spent                  [][]byte                         // memory of messages that are done, for the poll loop
	anew                   []boostd.TopicPartition          // of topics that were made anew, for the poll loop
	newIDs                 map[string]offsets.TopicID       // theirs
	again                  []boostd.Message                 // held ones to emit anew, for the poll loop
	unheld                 []boostd.Unheld                  // to emit, for the poll loop
	trouble                map[string]boostd.StandingTrouble
	denied                 map[string]string // group or topic: the sentence
	committed, uncommitted time.Time         // as boostd.SourceStatus has them
	stats                  boostd.ClientStats
	subscription           subscription

	// using is held for reading during every call of the client outside the poll
	// loop, for writing by close: a handle must not be destroyed under a call,
	// and never closed with a commit pending.
	using sync.RWMutex

	turned     atomic.Int64 // since epoch; when the poll loop last came round
	committing atomic.Int64 // Unix nanoseconds; since when a commit is under way, 0 none
	rebalances atomic.Uint64

	wake    chan struct{} // something for the poll loop to look at; holds one
	drained chan []boostd.TopicPartition
	commits chan struct{} // holds a token while no commit is under way
	early   chan struct{} // something that should not wait for the next commit; holds one
	changed chan struct{} // SetTopics was called; holds one
	pausing atomic.Bool   // what SetPaused asked for

	poll   pollState    // the poll loop's own
	reader *batchReader // likewise; nil: messages are read one by one
	// transacting is nil without Transactions.
	transacting *transacting
	watch       *watch      // what is wrong with brokers, group and topics
	resets      *time.Timer // ends the trouble offsets_reset
	// renewed ends the trouble client, of one that replaced another.
	renewed *time.Timer
	before  uint32 // epochs up to it are of clients before this one
}

// NewSource makes the client. It fails on properties that the client refuses;
// a broker that can't be reached shows later, as Trouble.
func NewSource(o SourceOptions) (*Source, error) {
	return newSource(o, offsets.New(offsets.Limits{}))
}

// newSource makes a Source with an empty tracker.
func newSource(o SourceOptions, tracker *offsets.Tracker) (*Source, error) {
	o.RevokeDrain = orDefault(o.RevokeDrain, 3*time.Second)
	interval := time.Second
	if o.Transactions != nil {
		interval = transactionInterval
	}
	o.CommitInterval = orDefault(o.CommitInterval, interval)
	o.CommitTimeout = orDefault(o.CommitTimeout, 5*time.Second)
	o.TopicInterval = orDefault(o.TopicInterval, topicInterval)
	o.StuckCommit, o.RenewalPause = orDefault(o.StuckCommit, stuckCommit), orDefault(o.RenewalPause, renewalPause)
	s := &Source{
		o: o, logger: o.Logger.With("level", o.Level), tracker: tracker, before: tracker.Newest(),
		logs: make(chan kafka.LogEvent, 64), stop: make(chan struct{}), polled: make(chan struct{}), closed: make(chan struct{}),
		wake: make(chan struct{}, 1), drained: make(chan []boostd.TopicPartition, 16),
		commits: make(chan struct{}, 1), early: make(chan struct{}, 1), changed: make(chan struct{}, 1), trouble: map[string]boostd.StandingTrouble{},
		positions: map[boostd.TopicPartition]int64{}, restoring: map[boostd.TopicPartition]uint32{}, newIDs: map[string]offsets.TopicID{}, denied: map[string]string{},
	}
	s.subscription.wanted = o.Topics
	s.commits <- struct{}{}
	s.poll.init()
	if err := s.newClient(); err != nil {
		return nil, fmt.Errorf("make consumer of group %s: %w", o.Group, o.Config.connection(o.Level).explainNew(err))
	}
	var err error
	if s.watch, err = newWatch(s); err == nil && o.Transactions != nil {
		err = s.newTransacting()
	}
	if err != nil {
		return nil, errors.Join(err, s.endClient())
	}
	s.openReader(newBatchReader)
	s.resets = time.AfterFunc(time.Hour, func() { s.clearTrouble("offsets_reset") })
	s.resets.Stop()
	s.renewed = time.AfterFunc(time.Hour, func() { s.clearTrouble("client") })
	s.renewed.Stop()
	return s, nil
}

// newClient makes the client, and the way to its log: its own way, where there is no
// other.
func (s *Source) newClient() error {
	config := configMap(s.o.Config.sharedProperties(s.o.Group, s.o.Level, s.o.Consumers))
	if s.o.Member != "" {
		(*config)["group.instance.id"] = s.o.Member
	}
	other := reachable() == nil
	if other {
		delete(*config, "go.logs.channel.enable")
		(*config)["log.queue"] = true
	} else {
		(*config)["go.logs.channel"] = s.logs
	}
	var err error
	if s.client, err = kafka.NewConsumer(config); err != nil || !other {
		return err
	}
	if s.logQueue, err = newLogQueue(s.client); err != nil {
		return errors.Join(err, s.client.Close())
	}
	return nil
}

func (s *Source) endClient() error {
	if s.logQueue != nil {
		s.logQueue.close()
	}
	return s.client.Close()
}

func orDefault(d, fallback time.Duration) time.Duration {
	if d <= 0 {
		return fallback
	}
	return d
}

// Start implements actors.Source.
func (s *Source) Start(emit func(event any)) error {
	s.emit = emit
	s.mu.Lock()
	topics := s.subscription.wanted
	s.subscription.told = topics
	s.mu.Unlock()
	if err := s.subscribe(topics); err != nil {
		return err
	}
	s.started = true
	if s.o.Probe != nil {
		s.o.Probe.add(s)
	}
	s.tasks.Go(s.run)
	if s.reader != nil {
		s.tasks.Go(s.listen)
	}
	s.tasks.Go(s.commitLoop)
	s.tasks.Go(s.checkTopics)
	s.tasks.Go(s.followTopics)
	s.tasks.Go(s.watch.run)
	s.tasks.Go(s.readLogs)
	if s.transacting != nil {
		s.tasks.Go(s.beginTransactions)
	}
	return nil
}

// Drained implements actors.Source.
func (s *Source) Drained(partitions []boostd.TopicPartition) {
	select {
	case s.drained <- partitions:
	default: // nobody waits for an answer this old
	}
}

// SetPaused implements actors.Source.
func (s *Source) SetPaused(paused bool) {
	s.pausing.Store(paused)
	s.nudge()
}

// nudge makes a waiting poll loop look again.
func (s *Source) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

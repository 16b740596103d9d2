package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
	"github.com/hashicorp/go-hclog"
)

// Transactions say that what a Source's messages lead to is written in Kafka
// transactions, together with the Source's offsets: see Source.Write.
type Transactions struct {
	// ID begins the transactional.id of the two producers. It must be this Source's alone, and the
	// same after a restart: then what a crash left open is aborted at once, and not after
	// its timeout.
	ID string
}

const (
	// transactionTimeout is when brokers abort what a process left open whose
	// successor has another name.
	transactionTimeout = 15 * time.Second
	// transactionInterval is the time between two commits, and so how late a
	// reader of what is committed may see a record.
	transactionInterval = 100 * time.Millisecond
	// transactionCall bounds one call of the client; those that may be asked again are.
	transactionCall = time.Second
	// transactionMessage is how long a record may be on its way; it can't be longer
	// than the transaction.
	transactionMessage = 10 * time.Second
)

// transactionProperties are the producer's, the user's laid over ours. With alone each
// record is sent by itself: brokers refuse batches as a whole.
func (c Config) transactionProperties(id, level string, alone bool) map[string]string {
	bounds := map[string]string{
		"transaction.timeout.ms": strconv.FormatInt(transactionTimeout.Milliseconds(), 10),
		"message.timeout.ms":     strconv.FormatInt(transactionMessage.Milliseconds(), 10),
	}
	properties := merge(bounds, c.OfProducer("transactions-"+level), map[string]string{"transactional.id": id})
	if alone {
		return merge(properties, single)
	}
	return properties
}

// transactor is a producer of transactions, one after the other: one is always open
// between begin and its end. It knows nothing of what is written in them. All calls
// but write's are the committer's, one at a time.
type transactor struct {
	producer *Producer
	logger   hclog.Logger
	// closed is when its Source's client is: then nothing is tried again.
	closed <-chan struct{}
	id     string
	alone  bool
}

func (s *Source) newTransactor(id string, alone bool) (*transactor, error) {
	p, err := newProducer(s.o.Config.transactionProperties(id, s.o.Level, alone), s.logger)
	if err != nil {
		return nil, fmt.Errorf("transactions %s: %w", id, err)
	}
	return &transactor{producer: p, logger: s.logger, closed: s.closed, id: id, alone: alone}, nil
}

// errAborted says that a transaction must be aborted.
var errAborted = errors.New("transaction aborted, what was written in it is handled again")

// begin opens the next transaction; nothing is told to brokers before something is
// written in it.
func (t *transactor) begin() error {
	return t.judge("begin transaction", t.producer.client.BeginTransaction())
}

// start makes sure that whatever an earlier producer of this name left open has
// ended, fences it off, and opens the first transaction.
func (t *transactor) start() error {
	if err := t.insist("initialise transactions", 0, t.producer.client.InitTransactions); err != nil {
		return err
	}
	return t.begin()
}

// end commits the transaction with the offsets. Its error is errAborted when that can
// no longer be done, ErrFatal when the producer is finished.
func (t *transactor) end(offsets []kafka.TopicPartition, group *kafka.ConsumerGroupMetadata, limit time.Duration) error {
	if len(offsets) > 0 {
		send := func(ctx context.Context) error {
			return t.producer.client.SendOffsetsToTransaction(ctx, offsets, group)
		}
		if err := t.insist("send offsets to transaction", limit, send); err != nil {
			return err
		}
	}
	// From here on the brokers may have decided: only they know how.
	return t.insist("commit transaction", 0, t.producer.client.CommitTransaction)
}

// abort takes back what was written, and opens the next one. What waits is sent before:
// what the client drops leaves a gap in its sequence numbers, for which brokers refuse
// the next transaction.
func (t *transactor) abort() error {
	ctx, cancel := context.WithTimeout(context.Background(), transactionCall)
	defer cancel()
	if err := t.producer.Flush(ctx); err != nil {
		t.logger.Debug("a transaction is aborted before all is sent", "error", err)
	}
	if err := t.insist("abort transaction", 0, t.producer.client.AbortTransaction); err != nil {
		return err
	}
	return t.begin()
}

// insist repeats a call as long as the client says that it may be, and limit, if it
// isn't 0, isn't over.
func (t *transactor) insist(what string, limit time.Duration, call func(context.Context) error) error {
	for began := time.Now(); ; {
		ctx, cancel := context.WithTimeout(context.Background(), transactionCall)
		err := call(ctx)
		cancel()
		err = t.judge(what, err)
		if err == nil || errors.Is(err, ErrFatal) || errors.Is(err, errAborted) {
			return err
		}
		if limit > 0 && time.Since(began) > limit {
			return fmt.Errorf("%w: %w", errAborted, err)
		}
		t.logger.Debug("transaction call is repeated", "error", err)
		select {
		case <-t.closed:
			return fmt.Errorf("%s: %w", what, errClientClosed)
		case <-time.After(commitRetry):
		}
	}
}

// judge says what an error of the client means. One that is neither ErrFatal nor
// errAborted goes by.
func (t *transactor) judge(what string, err error) error {
	k, ok := errors.AsType[kafka.Error](err)
	switch {
	case err == nil:
		return nil
	case ok && (k.IsFatal() || k.Code() == kafka.ErrFatal || t.producer.client.GetFatalError() != nil):
		return fmt.Errorf("%s: %w: %w", what, ErrFatal, t.producer.cause(err))
	case ok && k.TxnRequiresAbort():
		return fmt.Errorf("%w: %s: %w", errAborted, what, err)
	case ok && (k.IsRetriable() || k.Code() == kafka.ErrTimedOut || k.Code() == kafka.ErrConflict || k.Code() == kafka.ErrPrevInProgress):
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%w: %s: %w", errAborted, what, err)
}

// close ends what is open, as far as brokers answer at once, and the producer.
func (t *transactor) close() {
	ctx, cancel := context.WithTimeout(context.Background(), transactionCall)
	defer cancel()
	if err := t.producer.client.AbortTransaction(ctx); err != nil {
		t.logger.Debug("the last transaction was not aborted", "error", err)
	}
	t.producer.Close()
}

//go:build !linux || pollread

package kafkaio

import (
	"errors"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// batchReader is not there in this build.
type batchReader struct{}

func newBatchReader(*kafka.Consumer) (*batchReader, error) { return nil, reachable() }

func (*batchReader) read(*intake, limits) (int, kafka.Event) { return 0, nil }

func (*batchReader) reuse(spent [][]byte) [][]byte { return spent }

func (*batchReader) await() bool { return false }

func (*batchReader) close() {}

// logQueue is not there in this build.
type logQueue struct{}

func newLogQueue(*kafka.Consumer) (*logQueue, error) { return nil, reachable() }

func (*logQueue) read(func(kafka.LogEvent)) {}

func (*logQueue) close() {}

func reachable() error { return errors.New("this build has no other way") }

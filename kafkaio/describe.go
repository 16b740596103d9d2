package kafkaio

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// describeTopics asks for topics and what may be done with them.
func describeTopics(ctx context.Context, a *kafka.AdminClient, topics []string) ([]kafka.TopicDescription, error) {
	answer, err := a.DescribeTopics(ctx, kafka.NewTopicCollectionOfTopicNames(topics),
		kafka.SetAdminOptionIncludeAuthorizedOperations(true), kafka.SetAdminRequestTimeout(untilDeadline(ctx)))
	if err != nil {
		return nil, fmt.Errorf("describe %d topics: %w", len(topics), err)
	}
	return answer.TopicDescriptions, nil
}

// untilDeadline is the time to ctx's deadline, which it must have.
func untilDeadline(ctx context.Context) time.Duration {
	return time.Duration(remaining(ctx)) * time.Millisecond
}

// may reports whether an operation is allowed, by a description's error and the
// operations that came with it. Brokers that don't tell allow it as far as
// anybody knows.
func may(err kafka.Error, allowed []kafka.ACLOperation, operation kafka.ACLOperation) bool {
	return !refused(err) && (len(allowed) == 0 ||
		slices.Contains(allowed, operation) || slices.Contains(allowed, kafka.ACLOperationAll))
}

// refused reports whether an error is that something isn't allowed.
func refused(err kafka.Error) bool {
	switch err.Code() {
	case kafka.ErrTopicAuthorizationFailed, kafka.ErrGroupAuthorizationFailed, kafka.ErrClusterAuthorizationFailed:
		return true
	}
	return false
}

package kafkaio

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// describeGroup asks for one group and what may be done with it. Its error is
// that nobody answered; a refusal is the description's.
func describeGroup(ctx context.Context, a *kafka.AdminClient, group string) (kafka.ConsumerGroupDescription, error) {
	answer, err := a.DescribeConsumerGroups(ctx, []string{group},
		kafka.SetAdminOptionIncludeAuthorizedOperations(true), kafka.SetAdminRequestTimeout(untilDeadline(ctx)))
	if err != nil {
		return kafka.ConsumerGroupDescription{}, fmt.Errorf("describe group %s: %w", group, err)
	}
	for _, d := range answer.ConsumerGroupDescriptions {
		switch d.Error.Code() {
		case kafka.ErrTimedOut, kafka.ErrTransport, kafka.ErrCoordinatorNotAvailable, kafka.ErrNotCoordinator,
			kafka.ErrCoordinatorLoadInProgress, kafka.ErrWaitCoord, kafka.ErrDestroy, kafka.ErrTimedOutQueue, kafka.ErrRequestTimedOut:
			return d, fmt.Errorf("describe group %s: %w", group, d.Error)
		}
		return d, nil
	}
	return kafka.ConsumerGroupDescription{}, fmt.Errorf("describe group %s: no answer about it", group)
}

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
	switch err.Code() {
	case kafka.ErrTopicAuthorizationFailed, kafka.ErrGroupAuthorizationFailed, kafka.ErrClusterAuthorizationFailed:
		return false
	}
	return len(allowed) == 0 || slices.Contains(allowed, operation) || slices.Contains(allowed, kafka.ACLOperationAll)
}

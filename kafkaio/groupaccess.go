package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// GroupAccess is what may be done with a consumer group.
type GroupAccess struct {
	Name     string `json:"name"`
	Describe bool   `json:"describe"`
	Join     bool   `json:"join"`
	// State is Kafka's word for it, such as Stable or Empty; Members are who is in it.
	State   string `json:"state,omitempty"`
	Members int    `json:"members"`
	// Lag is how many messages it has not read of the topics that it reads, at
	// most; -1 when that isn't known.
	Lag     int64  `json:"lag"`
	Problem string `json:"problem,omitempty"`
}

// A plain client isn't told that it may not ask for a group: it waits in vain for
// the coordinator. groupWait is how long it may, and as long as a new
// cluster's first coordinator needs; whoever has waited in vain knows that there
// are such groups.
const (
	groupWait  = 3 * time.Second
	deniedWait = 200 * time.Millisecond
)

// groupAccess asks for the lag first, through a plain client: where the cluster
// is making its first coordinator, an admin client's question can end the process,
// see Source.askOrigins.
func (a *Admin) groupAccess(ctx context.Context, name string, topics []string, partitions map[string]int, wait *time.Duration) GroupAccess {
	g := GroupAccess{Name: name, Lag: -1}
	lag, err := a.lag(ctx, name, topics, partitions, wait)
	var d kafka.ConsumerGroupDescription
	if err == nil {
		d, err = a.describeGroup(ctx, name)
	}
	if err != nil {
		g.Problem = oneLine(err.Error())
		return g
	}
	g.Describe = may(d.Error, d.AuthorizedOperations, kafka.ACLOperationDescribe)
	g.Join = may(d.Error, d.AuthorizedOperations, kafka.ACLOperationRead)
	switch code := d.Error.Code(); {
	case code == kafka.ErrNoError:
		g.State, g.Members = d.State.String(), len(d.Members)
	case code == kafka.ErrGroupIDNotFound: // nobody has joined it yet
	case !refused(d.Error):
		g.Problem = d.Error.Code().String()
	}
	if g.Describe && g.Problem == "" {
		g.Lag = lag
	}
	return g
}

// describeGroup waits for a coordinator that is loading the group.
func (a *Admin) describeGroup(ctx context.Context, name string) (d kafka.ConsumerGroupDescription, err error) {
	err = untilCoordinated(ctx, func() error {
		answer, err := a.client.DescribeConsumerGroups(ctx, []string{name},
			kafka.SetAdminOptionIncludeAuthorizedOperations(true), kafka.SetAdminRequestTimeout(untilDeadline(ctx)))
		if err == nil && len(answer.ConsumerGroupDescriptions) != 1 {
			err = errors.New("no answer about it")
		}
		if err != nil {
			return fmt.Errorf("describe group %s: %w", name, err)
		}
		d = answer.ConsumerGroupDescriptions[0]
		return d.Error
	})
	if errors.Is(err, d.Error) {
		err = nil // it is the answer
	}
	return d, err
}

// untilCoordinated asks until the answer isn't that the group's coordinator has
// yet to be found, or to find itself.
func untilCoordinated(ctx context.Context, ask func() error) error {
	for {
		err := ask()
		k, _ := errors.AsType[kafka.Error](err)
		switch k.Code() {
		case kafka.ErrCoordinatorNotAvailable, kafka.ErrCoordinatorLoadInProgress, kafka.ErrNotCoordinator, kafka.ErrWaitCoord:
		default:
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// lag is what a group has not read of its topics, as Onlooker.Progress counts it;
// -1 when a part isn't known. partitions are those of the topics that may be
// read, the others don't count.
func (a *Admin) lag(ctx context.Context, group string, topics []string, partitions map[string]int, wait *time.Duration) (int64, error) {
	o, err := a.Onlook(group)
	if err != nil {
		return -1, err
	}
	defer o.Close(ctx)
	firsts, readable := map[string]int{}, map[string]int{}
	for _, topic := range topics {
		firsts[topic] = 1
		if n := partitions[topic]; n > 0 {
			readable[topic] = n
		}
	}
	patient, cancel := context.WithTimeout(ctx, *wait)
	defer cancel()
	if err := untilCoordinated(patient, func() error { _, _, err := o.committed(patient, firsts); return err }); err != nil {
		*wait = deniedWait
		return -1, nil // the admin client says why
	}
	p, err := o.Progress(ctx, readable)
	if err != nil || len(p.Waiting) < len(readable) {
		return -1, nil // the coordinator has answered: what is wrong is said of the topics
	}
	sum := int64(0)
	for _, n := range p.Waiting {
		sum += n
	}
	return sum, nil
}

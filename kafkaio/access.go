package kafkaio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"github.com/kafkaboost/boostd"
)

// Access is what a client finds in a cluster and may do there. What brokers
// don't tell counts as allowed.
type Access struct {
	// Cluster is the cluster's id, Controller the id of the broker that leads it,
	// -1 when there is none.
	Cluster    string         `json:"cluster"`
	Controller int            `json:"controller"`
	Brokers    []BrokerAccess `json:"brokers"`
	Topics     []TopicAccess  `json:"topics"`
	Groups     []GroupAccess  `json:"groups"`
}

// BrokerAccess is a broker and the address that the cluster gives for it.
type BrokerAccess struct {
	ID      int    `json:"id"`
	Address string `json:"address"`
	// Problem is why it can't be used, "" if it can.
	Problem string `json:"problem,omitempty"`
}

// TopicAccess is what may be done with a topic. Whether one that may not be
// described exists is unknown: Exists is false then.
type TopicAccess struct {
	Name       string `json:"name"`
	Exists     bool   `json:"exists"`
	Partitions int    `json:"partitions"`
	Describe   bool   `json:"describe"`
	Read       bool   `json:"read"`
	Write      bool   `json:"write"`
	// Create is for topics that don't exist.
	Create bool `json:"create"`
	// Alter is for topics that should have more partitions.
	Alter bool `json:"alter"`
	// Problem is what else is wrong.
	Problem string `json:"problem,omitempty"`
}

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

// Access asks what there is of topics and groups and what may be done with them;
// groups has the topics that each one reads. Connect comes first. Nothing is
// changed.
func (a *Admin) Access(ctx context.Context, topics []string, groups map[string][]string) (*Access, error) {
	cluster, err := a.client.DescribeCluster(ctx, kafka.SetAdminRequestTimeout(untilDeadline(ctx)))
	if err != nil {
		return nil, fmt.Errorf("describe the cluster: %w", err)
	}
	access := &Access{Controller: -1}
	if cluster.ClusterID != nil {
		access.Cluster = *cluster.ClusterID
	}
	if cluster.Controller != nil {
		access.Controller = cluster.Controller.ID
	}
	access.Brokers = a.brokerAccess(ctx, cluster.Nodes)
	if access.Topics, err = a.topicAccess(ctx, topics); err != nil {
		return nil, err
	}
	partitions := map[string]int{}
	for _, t := range access.Topics {
		if t.Read {
			partitions[t.Name] = t.Partitions
		}
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		g := a.groupAccess(ctx, name)
		if g.Describe && g.Problem == "" {
			g.Lag = a.lag(ctx, g, groups[name], partitions)
		}
		access.Groups = append(access.Groups, g)
	}
	return access, nil
}

// brokerAccess looks at each broker's own address: a client can be let in by one
// and fail at the others.
func (a *Admin) brokerAccess(ctx context.Context, nodes []kafka.Node) []BrokerAccess {
	brokers := make([]BrokerAccess, len(nodes))
	for n, node := range nodes {
		brokers[n] = BrokerAccess{ID: node.ID, Address: net.JoinHostPort(node.Host, strconv.Itoa(node.Port))}
		e := a.suspects.look(ctx, brokers[n].Address, 0)
		if e.found != nil && !e.found.usable(e.set) {
			brokers[n].Problem = explain(e)
		}
	}
	slices.SortFunc(brokers, func(x, y BrokerAccess) int { return x.ID - y.ID })
	return brokers
}

func (a *Admin) topicAccess(ctx context.Context, topics []string) ([]TopicAccess, error) {
	if len(topics) == 0 {
		return nil, nil
	}
	described, err := describeTopics(ctx, a.client, topics)
	if err != nil {
		return nil, err
	}
	all := make([]TopicAccess, 0, len(described))
	for _, d := range described {
		t := TopicAccess{Name: d.Name, Partitions: len(d.Partitions),
			Describe: may(d.Error, d.AuthorizedOperations, kafka.ACLOperationDescribe),
			Read:     may(d.Error, d.AuthorizedOperations, kafka.ACLOperationRead),
			Write:    may(d.Error, d.AuthorizedOperations, kafka.ACLOperationWrite),
			Alter:    may(d.Error, d.AuthorizedOperations, kafka.ACLOperationAlter)}
		switch code := d.Error.Code(); {
		case code == kafka.ErrNoError:
			t.Exists = true
		case code == kafka.ErrUnknownTopicOrPart:
			t.Create, t.Problem = a.mayCreate(ctx, d.Name)
		case refused(d.Error):
			t.Create, _ = a.mayCreate(ctx, d.Name)
		default:
			t.Problem = oneLine(d.Error.Error())
		}
		all = append(all, t)
	}
	slices.SortFunc(all, func(x, y TopicAccess) int { return slices.Index(topics, x.Name) - slices.Index(topics, y.Name) })
	return all, nil
}

// mayCreate asks the broker to check the creation of a topic and not to do it.
func (a *Admin) mayCreate(ctx context.Context, name string) (bool, string) {
	results, err := a.client.CreateTopics(ctx, []kafka.TopicSpecification{{Topic: name, NumPartitions: 1, ReplicationFactor: -1}},
		kafka.SetAdminValidateOnly(true), kafka.SetAdminRequestTimeout(untilDeadline(ctx)))
	switch {
	case err != nil:
		return false, oneLine(err.Error())
	case len(results) != 1 || results[0].Error.Code() == kafka.ErrNoError:
		return true, ""
	case refused(results[0].Error):
		return false, ""
	}
	return false, oneLine(results[0].Error.Error())
}

// groupAccess is for programs that end soon: a question for a group can end the
// process when its coordinator goes meanwhile, see Source.askOrigins.
func (a *Admin) groupAccess(ctx context.Context, name string) GroupAccess {
	g := GroupAccess{Name: name, Lag: -1}
	d, err := a.describeGroup(ctx, name)
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
	return g
}

// describeGroup waits for a coordinator: of a new cluster's first group it is
// being made.
func (a *Admin) describeGroup(ctx context.Context, name string) (kafka.ConsumerGroupDescription, error) {
	for {
		answer, err := a.client.DescribeConsumerGroups(ctx, []string{name},
			kafka.SetAdminOptionIncludeAuthorizedOperations(true), kafka.SetAdminRequestTimeout(untilDeadline(ctx)))
		if err == nil && len(answer.ConsumerGroupDescriptions) != 1 {
			err = errors.New("no answer about it")
		}
		if err != nil {
			return kafka.ConsumerGroupDescription{}, fmt.Errorf("describe group %s: %w", name, err)
		}
		d := answer.ConsumerGroupDescriptions[0]
		switch d.Error.Code() {
		case kafka.ErrCoordinatorNotAvailable, kafka.ErrCoordinatorLoadInProgress, kafka.ErrNotCoordinator:
		default:
			return d, nil
		}
		select {
		case <-ctx.Done():
			return d, nil
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// lag is what a group has not read of its topics, -1 when that isn't known.
// Where it has committed nothing it is all that the brokers may have, or nothing
// if it would begin at the end.
func (a *Admin) lag(ctx context.Context, group GroupAccess, topics []string, partitions map[string]int) int64 {
	var tps []boostd.TopicPartition
	for _, topic := range topics {
		for p := range partitions[topic] {
			tps = append(tps, boostd.TopicPartition{Topic: topic, Partition: int32(p)})
		}
	}
	var committed map[boostd.TopicPartition]int64
	if group.State != "" && group.State != kafka.ConsumerGroupStateDead.String() {
		var err error
		if committed, err = a.Committed(ctx, group.Name); err != nil {
			return -1
		}
	}
	ends, err := listEnds(ctx, a.client, a.config.isolation(), tps)
	if err != nil || len(ends) < len(tps) {
		return -1
	}
	lag := int64(0)
	for tp, end := range ends {
		at, known := committed[tp]
		if !known && a.config.Start != "earliest" {
			at = end
		}
		lag += max(0, end-at)
	}
	return lag
}

// Problems is what a daemon would lack, one sentence each; what it creates
// itself at start is none. partitions are how many a topic should have, where
// that is known. Topics in letters are written, those in unread only have to be
// there, the others are read.
func (a *Access) Problems(c Config, partitions map[string]int, letters, unread []string) []string {
	who := c.connection("").principal()
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, b := range a.Brokers {
		if b.Problem != "" {
			problems = append(problems, b.Problem)
		}
	}
	create := c.CreateTopics != nil && *c.CreateTopics
	for _, t := range a.Topics {
		switch {
		case t.Problem != "":
			add("topic %s: %s", t.Name, t.Problem)
		case slices.Contains(letters, t.Name) && (t.Exists && !t.Write || !t.Describe):
			add("topic %s may not be written by %s, so that messages are held instead of going there: allow it WRITE on the topic", t.Name, who)
		case slices.Contains(letters, t.Name) && t.Exists:
		case t.Exists && !t.Read && !slices.Contains(unread, t.Name), !t.Describe:
			add("topic %s may not be read by %s: allow it READ on the topic", t.Name, who)
		case !t.Exists && !create:
			add("topic %s does not exist and kafka.create_topics is false: create it", t.Name)
		case !t.Exists && !t.Create:
			add("topic %s does not exist and may not be created by %s: create it, or allow CREATE on the topic", t.Name, who)
		case t.Exists && create && t.Partitions < partitions[t.Name] && !t.Alter:
			add("topic %s has %d of %d partitions and %s may not add any: add them, or allow ALTER on the topic", t.Name, t.Partitions, partitions[t.Name], who)
		}
	}
	for _, g := range a.Groups {
		switch {
		case g.Problem != "":
			add("group %s: %s", g.Name, g.Problem)
		case !g.Join:
			add("group %s may not be joined by %s: allow it READ on the group", g.Name, who)
		}
	}
	return problems
}

package kafkaio

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
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
	wait := groupWait
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		access.Groups = append(access.Groups, a.groupAccess(ctx, name, groups[name], partitions, &wait))
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

package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kafkaboost/boostd/kafkaio"
)

// Bounds of what is asked of the brokers.
const (
	reach  = 8 * time.Second
	create = 15 * time.Second
	remove = 10 * time.Second
)

// cluster is the run's topics and groups in the brokers.
type cluster struct{ setup *setup }

// reach waits for a broker to answer.
func (c cluster) reach(ctx context.Context) error {
	admin, err := kafkaio.NewAdmin(c.setup.config.Kafka)
	if err != nil {
		return err
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	return admin.Connect(ctx)
}

// create creates the topics.
func (c cluster) create(ctx context.Context) error {
	admin, err := kafkaio.NewAdmin(c.setup.config.Kafka)
	if err != nil {
		return err
	}
	defer admin.Close()
	ctx, cancel := context.WithTimeout(ctx, create)
	defer cancel()
	_, err = admin.EnsureTopics(ctx, c.setup.topics())
	return err
}

// delete deletes everything that the run may have created. Groups can be
// deleted only once the brokers have noticed that their members are gone.
func (c cluster) delete() error {
	ctx, cancel := context.WithTimeout(context.Background(), remove)
	defer cancel()
	admin, err := kafkaio.NewAdmin(c.setup.config.Kafka)
	if err != nil {
		return err
	}
	defer admin.Close()
	var names []string
	for _, t := range c.setup.topics() {
		names = append(names, t.Name)
	}
	for {
		err := errors.Join(admin.DeleteTopics(ctx, names), admin.DeleteGroups(ctx, c.setup.groups()))
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("topics and groups that begin with %s may be left: %w", c.setup.base, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Package embedded is a Kafka broker inside the process, for trying boostd out
// and for tests that need no real faults.
//
// It owns the choice and the settings of the broker (franz-go's kfake). It is
// no replacement for Kafka: one event loop, one replica, names and limits that
// go unchecked, commits that cost nothing.
package embedded

import (
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Options say where the broker listens and what it keeps.
type Options struct {
	// Listen is host:port; port 0 picks a free one. Empty: a free port of
	// 127.0.0.1.
	Listen string
	// Dir keeps what is acknowledged across restarts; empty keeps it in memory.
	Dir string
}

// Broker is a running broker.
type Broker struct{ cluster *kfake.Cluster }

// Start starts a broker.
func Start(o Options) (*Broker, error) {
	listen := o.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	options := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.DefaultNumPartitions(1),
		kfake.GroupMinSessionTimeout(time.Second),
		kfake.ListenFn(func(network, _ string) (net.Listener, error) { return net.Listen(network, listen) }),
	}
	if o.Dir != "" {
		options = append(options, kfake.DataDir(o.Dir))
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		return nil, fmt.Errorf("start embedded broker on %s: %w", listen, err)
	}
	return &Broker{cluster}, nil
}

// Addr is the bootstrap address.
func (b *Broker) Addr() string { return strings.Join(b.cluster.ListenAddrs(), ",") }

// Close ends the broker.
func (b *Broker) Close() { b.cluster.Close() }

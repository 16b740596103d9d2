package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// claimLimit bounds the wait for other processes that claim ports; each needs
	// milliseconds, or a second when it sweeps up.
	claimLimit = 30 * time.Second
	// readyLimit bounds the start of a node, a second or three on an idle machine.
	readyLimit = 90 * time.Second
	// maxAttempts bounds how often a start is tried with other ports.
	maxAttempts = 5
)

// Cluster is a running Kafka cluster. Its methods are safe from any goroutine.
type Cluster struct {
	kit    *kit
	claim  *claim
	layout layout
	nodes  []*Node

	security Security

	closeOnce sync.Once
	closeErr  error
}

// Start makes a cluster and returns when every node serves; the jars are
// fetched first where they aren't in the cache. ctx bounds the start alone,
// beside limits of its own. The caller closes the cluster.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	o, err := o.normalize()
	if err != nil {
		return nil, err
	}
	if m := Missing(); m != "" {
		return nil, fmt.Errorf("start kafka: %s", m)
	}
	k, err := prepare(ctx)
	if err != nil {
		return nil, fmt.Errorf("start kafka: %w", err)
	}
	c, err := k.startCluster(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("start kafka: %w", err)
	}
	return c, nil
}

// errPortTaken says that somebody took a port between our look and the node.
var errPortTaken = errors.New("a port was taken by another process")

// startCluster tries other ports when one was taken meanwhile.
func (k *kit) startCluster(ctx context.Context, o Options, extraFlags ...string) (*Cluster, error) {
	for attempt := 1; ; attempt++ {
		c, err := k.newCluster(ctx, o, extraFlags)
		if err != nil {
			return nil, err
		}
		err = c.StartAll(ctx)
		if err == nil {
			return c, nil
		}
		err = errors.Join(err, c.Close())
		if !errors.Is(err, errPortTaken) || attempt == maxAttempts {
			return nil, err
		}
		if err := c.removeNodes(); err != nil {
			return nil, err
		}
	}
}

// newCluster lays the cluster out on disk; nothing runs yet.
func (k *kit) newCluster(ctx context.Context, o Options, extraFlags []string) (*Cluster, error) {
	perNode := o.portsPerNode()
	ctx, cancel := context.WithTimeout(ctx, claimLimit)
	defer cancel()
	cl, err := newClaim(ctx, o.Dir, perNode*o.Nodes)
	if err != nil {
		return nil, err
	}
	c := &Cluster{kit: k, claim: cl, layout: layout{dir: cl.Dir}}
	for ports := range slices.Chunk(cl.Ports, perNode) {
		c.layout.ports = append(c.layout.ports, o.share(ports))
	}
	if err := c.write(o, extraFlags); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// write fills the cluster's directory and makes its nodes.
func (c *Cluster) write(o Options, extraFlags []string) error {
	if o.Security {
		if err := c.layout.writeCertificates(); err != nil {
			return err
		}
		c.security = c.layout.security()
	}
	clusterID := newUUID()
	for i := range o.Nodes {
		if err := c.layout.writeProperties(i, o); err != nil {
			return err
		}
		if err := c.kit.formatNode(c.layout.dataDir(i), clusterID, i); err != nil {
			return err
		}
		n, err := newNode(c.kit, c.layout, i, extraFlags)
		if err != nil {
			return err
		}
		c.nodes = append(c.nodes, n)
	}
	return nil
}

// removeNodes empties a directory that the caller named, for the next attempt.
func (c *Cluster) removeNodes() error {
	for i := range c.nodes {
		if err := os.RemoveAll(c.layout.nodeDir(i)); err != nil {
			return fmt.Errorf("remove node directory: %w", err)
		}
	}
	return nil
}

// StartAll starts every node that doesn't run, all at once, and returns when
// they serve. After the loss of more than one node of three this is the way
// back: a single node waits for a quorum before it serves.
func (c *Cluster) StartAll(ctx context.Context) error {
	results := make(chan error, len(c.nodes))
	for _, n := range c.nodes {
		go func() {
			if n.running() {
				results <- nil
				return
			}
			results <- n.Start(ctx)
		}()
	}
	var all error
	for range c.nodes {
		all = errors.Join(all, <-results)
	}
	return all
}

// Brokers are the plaintext addresses of all nodes, 127.0.0.1:port.
func (c *Cluster) Brokers() []string {
	return c.layout.addresses(func(p nodePorts) int { return p.plain })
}

// Route is one node's place for a proxy.
type Route struct {
	// Advertised is the address that clients are told, and where the proxy listens.
	Advertised string
	// Listener is where the node itself listens.
	Listener string
}

// Routes are the nodes' places for proxies, by id; empty without Options.Proxied.
func (c *Cluster) Routes() (routes []Route) {
	for _, p := range c.layout.ports {
		if p.proxied != 0 {
			routes = append(routes, Route{Advertised: address(p.advertised), Listener: address(p.proxied)})
		}
	}
	return routes
}

// Secure says how to reach the secured listeners; it is the zero value without
// Options.Security.
func (c *Cluster) Secure() Security { return c.security }

// Nodes is the number of nodes, running or not.
func (c *Cluster) Nodes() int { return len(c.nodes) }

// Node is the node whose broker id is i, 0 ≤ i < Nodes().
func (c *Cluster) Node(i int) *Node { return c.nodes[i] }

// Close ends every node at once, paused ones too, and removes the directory if
// it is a temporary one. Stop the nodes first where the files shall be closed
// cleanly. Calling it again returns the first call's error.
func (c *Cluster) Close() error {
	c.closeOnce.Do(func() {
		for _, n := range c.nodes {
			c.closeErr = errors.Join(c.closeErr, n.close())
		}
		c.closeErr = errors.Join(c.closeErr, c.claim.release())
	})
	return c.closeErr
}

// logs is the end of every node's log.
func (c *Cluster) logs() string {
	var b strings.Builder
	for _, n := range c.nodes {
		fmt.Fprintf(&b, "--- node %d, last lines since its last start:\n%s\n", n.id, n.log.text())
	}
	return b.String()
}

func (l layout) addresses(port func(nodePorts) int) []string {
	var all []string
	for _, p := range l.ports {
		all = append(all, address(port(p)))
	}
	return all
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func (l layout) security() Security {
	s := Security{
		SASLSSL:       l.addresses(func(p nodePorts) int { return p.saslSSL }),
		SASLPlaintext: l.addresses(func(p nodePorts) int { return p.saslPlain }),
		SSL:           l.addresses(func(p nodePorts) int { return p.ssl }),
		CAFile:        l.caFile(), UntrustedCAFile: l.untrustedCAFile(),
	}
	s.Scram256, s.Scram512, s.Plain = users()
	return s
}

package kafkatest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Options say what kind of cluster Start makes. The zero value is one node
// with a plaintext listener in a temporary directory.
type Options struct {
	// Nodes is 1 or 3; 0 means 1. Every node is broker and controller. With
	// three, topics default to replication factor 3 and min.insync.replicas 2.
	Nodes int
	// Security adds SASL_SSL, SASL_PLAINTEXT and SSL listeners to the plaintext
	// one; Cluster.Secure has their addresses.
	Security bool
	// Authorizer lets nobody do anything without an ACL, but for the plaintext and
	// the SSL listener, whose clients have no name, and Security.Scram256.
	Authorizer bool
	// Proxied adds a plaintext listener to each node that is advertised at another
	// port, where the caller puts a proxy: clients that begin at such a proxy meet
	// every node through its own. Cluster.Routes has the addresses.
	Proxied bool
	// FastFailover makes the cluster notice a dead node after 2 s instead of
	// Kafka's own 9 s.
	FastFailover bool
	// Properties are server.properties lines that override the built-in ones.
	// The ones that place a node (listeners, ids, directories) are refused.
	Properties map[string]string
	// Dir is where the nodes' directories go; it is created when missing, must
	// be empty and stays after Close. "" is a temporary directory that Close
	// removes.
	Dir string
}

// ownedProperties place a node in its cluster; changing one breaks the
// addresses and paths that this package hands out.
var ownedProperties = []string{
	"node.id", "broker.id", "process.roles", "controller.quorum.voters", "controller.quorum.bootstrap.servers",
	"controller.listener.names", "listeners", "advertised.listeners", "listener.security.protocol.map",
	"inter.broker.listener.name", "security.inter.broker.protocol", "log.dir", "log.dirs", "metadata.log.dir",
}

// normalize fills in defaults and refuses what can't work.
func (o Options) normalize() (Options, error) {
	if o.Nodes == 0 {
		o.Nodes = 1
	}
	if o.Nodes != 1 && o.Nodes != 3 {
		return o, fmt.Errorf("check options: Nodes is %d, want 1 or 3", o.Nodes)
	}
	for _, key := range ownedProperties {
		if _, ok := o.Properties[key]; ok {
			return o, fmt.Errorf("check options: property %q is set by kafkatest itself, leave it out", key)
		}
	}
	for key, value := range o.Properties {
		if key == "" || strings.ContainsAny(key, " \t\r\n=:#!\\") {
			return o, fmt.Errorf("check options: %q is no property name", key)
		}
		if strings.ContainsAny(value, "\r\n") {
			return o, fmt.Errorf("check options: the value of property %q spans lines, want one line", key)
		}
	}
	if o.Dir == "" {
		return o, nil
	}
	return o.normalizeDir()
}

func (o Options) normalizeDir() (Options, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return o, fmt.Errorf("check options: %w", err)
	}
	o.Dir = dir
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		return o, fmt.Errorf("check options: Dir %s is not empty, name a new or an empty directory", dir)
	}
	if err != nil && !os.IsNotExist(err) {
		return o, fmt.Errorf("check options: %w", err)
	}
	return o, nil
}

// portsPerNode is how many ports a node takes.
func (o Options) portsPerNode() int {
	n := 2
	if o.Security {
		n += 3
	}
	if o.Proxied {
		n += 2
	}
	return n
}

// share names a node's ports, of which there are portsPerNode.
func (o Options) share(ports []int) nodePorts {
	p := nodePorts{plain: ports[0], controller: ports[1]}
	ports = ports[2:]
	if o.Security {
		p.saslSSL, p.saslPlain, p.ssl = ports[0], ports[1], ports[2]
		ports = ports[3:]
	}
	if o.Proxied {
		p.proxied, p.advertised = ports[0], ports[1]
	}
	return p
}

package kafkatest

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// nodePorts are the ports of one node on 127.0.0.1. saslSSL, saslPlain and ssl are
// 0 without security; proxied, a listener, and advertised, where others find it,
// are 0 without Options.Proxied.
type nodePorts struct{ plain, controller, saslSSL, saslPlain, ssl, proxied, advertised int }

// layout is where a cluster's files are and which ports it has.
type layout struct {
	dir   string
	ports []nodePorts
}

func (l layout) nodeDir(node int) string { return filepath.Join(l.dir, fmt.Sprintf("node-%d", node)) }
func (l layout) dataDir(node int) string { return filepath.Join(l.nodeDir(node), "data") }
func (l layout) propertiesFile(node int) string {
	return filepath.Join(l.nodeDir(node), "server.properties")
}

// heapLimit is measured: a node under test load stays well below.
const heapLimit = "-Xmx256m"

// jvmFlags trade peak speed for a quick start and little memory.
func jvmFlags(archive string) []string {
	flags := []string{"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms64m", heapLimit,
		"-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData",
		"-Dorg.slf4j.simpleLogger.showDateTime=true", "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS"}
	if archive != "" {
		flags = append(flags, "-XX:SharedArchiveFile="+archive)
	}
	return flags
}

// smallCluster fits a broker to a test: little memory, few threads, no waiting
// for members that won't come, internal topics of a few partitions.
var smallCluster = map[string]string{
	"auto.create.topics.enable":                    "false",
	"group.initial.rebalance.delay.ms":             "0",
	"offsets.topic.num.partitions":                 "4",
	"transaction.state.log.num.partitions":         "2",
	"share.coordinator.state.topic.num.partitions": "2",
	"log.index.size.max.bytes":                     "65536",
	"log.cleaner.dedupe.buffer.size":               "2097152",
	"log.segment.bytes":                            "16777216",
	"num.network.threads":                          "2",
	"num.io.threads":                               "3",
}

var fastFailover = map[string]string{
	"broker.session.timeout.ms":             "2000",
	"broker.heartbeat.interval.ms":          "250",
	"controller.quorum.fetch.timeout.ms":    "1500",
	"controller.quorum.election.timeout.ms": "500",
	"replica.lag.time.max.ms":               "2000",
}

func replication(nodes int) map[string]string {
	factor, inSync := strconv.Itoa(nodes), strconv.Itoa((nodes+1)/2)
	return map[string]string{
		"default.replication.factor":                       factor,
		"min.insync.replicas":                              inSync,
		"offsets.topic.replication.factor":                 factor,
		"transaction.state.log.replication.factor":         factor,
		"transaction.state.log.min.isr":                    inSync,
		"share.coordinator.state.topic.replication.factor": factor,
		"share.coordinator.state.topic.min.isr":            inSync,
	}
}

// place are the lines that ownedProperties names.
func (l layout) place(node int) map[string]string {
	p := l.ports[node]
	listeners := []string{listener("PLAINTEXT", p.plain), listener("CONTROLLER", p.controller)}
	if p.ssl != 0 {
		listeners = append(listeners, listener("SASL_SSL", p.saslSSL), listener("SASL_PLAINTEXT", p.saslPlain), listener("SSL", p.ssl))
	}
	advertised := slices.DeleteFunc(slices.Clone(listeners), func(s string) bool { return strings.HasPrefix(s, "CONTROLLER:") })
	if p.proxied != 0 {
		listeners = append(listeners, listener("PROXIED", p.proxied))
		advertised = append(advertised, listener("PROXIED", p.advertised))
	}
	var voters []string
	for i, p := range l.ports {
		voters = append(voters, fmt.Sprintf("%d@127.0.0.1:%d", i, p.controller))
	}
	return map[string]string{
		"node.id":                        strconv.Itoa(node),
		"process.roles":                  "broker,controller",
		"controller.quorum.voters":       strings.Join(voters, ","),
		"controller.listener.names":      "CONTROLLER",
		"listeners":                      strings.Join(listeners, ","),
		"advertised.listeners":           strings.Join(advertised, ","),
		"listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,SASL_SSL:SASL_SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL",
		"inter.broker.listener.name":     "PLAINTEXT",
		"log.dirs":                       l.dataDir(node),
	}
}

func listener(name string, port int) string { return fmt.Sprintf("%s://127.0.0.1:%d", name, port) }

// writeProperties creates the node's directory and its server.properties.
func (l layout) writeProperties(node int, o Options) error {
	all := maps.Clone(smallCluster)
	maps.Copy(all, replication(o.Nodes))
	if o.FastFailover {
		maps.Copy(all, fastFailover)
	}
	if o.Security {
		maps.Copy(all, securityProperties(l.keyStoreFile()))
	}
	if o.Authorizer {
		maps.Copy(all, authorizerProperties())
	}
	maps.Copy(all, o.Properties)
	maps.Copy(all, l.place(node))
	if err := os.MkdirAll(l.nodeDir(node), 0o700); err != nil {
		return fmt.Errorf("write properties of node %d: %w", node, err)
	}
	if err := os.WriteFile(l.propertiesFile(node), render(all), 0o600); err != nil {
		return fmt.Errorf("write properties of node %d: %w", node, err)
	}
	return nil
}

// render writes Java's properties format: a backslash escapes there.
func render(properties map[string]string) []byte {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(properties)) {
		fmt.Fprintf(&b, "%s=%s\n", key, strings.ReplaceAll(properties[key], `\`, `\\`))
	}
	return []byte(b.String())
}

// newUUID is a random id as Kafka writes them: 16 bytes in URL-safe base64. The
// first bit is kept 0, because tools take a leading "-" for a flag.
func newUUID() string {
	var id [16]byte
	rand.Read(id[:])
	id[0] &= 0x7f
	return base64.RawURLEncoding.EncodeToString(id[:])
}

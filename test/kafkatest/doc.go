// Package kafkatest runs real Apache Kafka on loopback for tests: one node or
// three, with SASL and TLS listeners on request, and nodes that can be stopped,
// killed, paused and started again.
//
// It owns the jars (fetched once with Maven into a cache), the class-data
// archive that makes a node start in about a second, the nodes' processes and
// their directories, and the certificates and users of the secured listeners.
// It owns no client: what is asked of the brokers is the caller's business. It
// imports the standard library alone and no other room.
//
// Every node ends with the process that started it, whatever ends that one: a
// return, a panic, os.Exit or kill -9. The kernel's parent-death signal does
// this, so the package builds on Linux only. Directories that such an end
// leaves behind are removed by the next Start.
//
// The cache is boostd/ in the user's cache directory, or what the environment
// variable BOOSTD_TEST_CACHE names; about 100 MB.
package kafkatest

//go:build !faults

package kafkaio

// fault is where a build for tests makes the poll loop go wrong on purpose.
func (*Source) fault() {}

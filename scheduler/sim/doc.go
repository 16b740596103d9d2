// Package sim lets scheduler.Core decide about a load that exists only in
// numbers, in virtual time: what wait will each level see, and does one starve?
//
// It owns a model of what stands around the core: partitions that fill, Sources
// that fetch, slots that need time for a message, instances that come and go. It
// owns no decision: each instance has a Core of its own, driven through the same
// calls, and obeyed in the same way, as by the actors of a daemon. Like the core
// it has no clock, goroutine or I/O; its numbers at random come from the seed, so
// the same Config gives the same Result, to the last digit.
//
// Reading a description of a load, and showing the result, is the command's.
package sim

// Package killed ends boostd with kill -9 at any point of a change of settings,
// again and again, and looks at what is left: the old document or the new one,
// whole. Of `boostd settings push`, a history in which the next push works; of a
// daemon that puts a document into force, a state with which the next start has it.
//
// On every change it does so some 120 times; with the build tag acceptance, which
// `make acceptance` sets, in 1,000 pushes on a file, 100 on S3, and 1,000
// applications on real Kafka.
package killed

// Package s3test runs a real S3 server on loopback for tests: versitygw, which
// keeps buckets as folders and objects as files.
//
// It owns the server's program (built once from the module tools/ into the cache
// that kafkatest uses too), its processes and their folders, and a proxy that
// counts requests and makes the faults that a healthy server doesn't. What is
// asked of the server is the caller's business: it imports nothing of boostd but
// the lock file and the cache's place.
//
// A server listens on 127.0.0.1 alone, and ends with the process that started it,
// whatever ends that one; the kernel's parent-death signal does this, so the
// package builds on Linux only.
package s3test

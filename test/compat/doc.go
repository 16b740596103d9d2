// Package compat tests boostd against the real KafkaBoost: the unchanged Python
// package on real Kafka, with its settings served from this machine; and boto3, by
// which it and its web page keep settings in S3.
//
// It owns the Python programs beside the tests; environment/ has what they run in.
// What the package does is not ours to test: only that both can stand in each
// other's place.
package compat

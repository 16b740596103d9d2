// Package ccompiler makes a build without a C compiler fail with a name that
// says so. kafkaio imports it; it has no other use.
//
// Without it the first error comes from deep inside the Kafka client, whose C
// library needs cgo, and says something about undefined names.
package ccompiler

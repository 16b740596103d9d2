//go:build acceptance

// Package acceptance measures what boostd promises, at full size, on real Kafka:
// `make acceptance` runs all of it, in about half an hour on two idle cores.
//
// It owns the figures and their limits. What must hold on every change is
// tested, smaller, in test/e2e.
package acceptance

import (
	"fmt"
	"os"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

var kafka = rig.Real()

func TestMain(m *testing.M) {
	code := m.Run()
	if err := kafka.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	rig.RemoveBinaries()
	os.Exit(code)
}

// Package e2e runs the whole of boostd, inside the test or as a process, against
// the embedded broker and against real Kafka, from one list of cases.
package e2e

import (
	"fmt"
	"os"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// clusters are what every case runs on.
var clusters = []*rig.Cluster{rig.Embedded(), rig.Real()}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, c := range clusters {
		if err := c.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	rig.RemoveBinaries()
	os.Exit(code)
}

// onEach runs a case on every cluster.
func onEach(t *testing.T, test func(t *testing.T, c *rig.Cluster)) {
	for _, c := range clusters {
		t.Run(c.Name, func(t *testing.T) { test(t, c) })
	}
}

// Package seed holds boostd to the README of KafkaBoost, the package that it
// succeeds: one case for each block of code there.
package seed

import (
	"os"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// cluster is one node of real Kafka for all cases: they share topics, as the
// README uses the same names all over, and have groups of their own.
var cluster = rig.Real()

func TestMain(m *testing.M) { os.Exit(rig.Main(m, "6", cluster)) }

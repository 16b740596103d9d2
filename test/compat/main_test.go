package compat

import (
	"os"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// cluster is one node of real Kafka for all tests.
var cluster = rig.Real()

func TestMain(m *testing.M) { os.Exit(rig.Main(m, "6", cluster)) }

// setup is a topic of three partitions, boosted from level 9 to 10.
func setup(t *testing.T, o rig.Options) *rig.Setup {
	t.Helper()
	t.Parallel()
	python(t)
	o.Min, o.Max, o.Partitions = 9, 10, 3
	return rig.New(t, cluster, o)
}

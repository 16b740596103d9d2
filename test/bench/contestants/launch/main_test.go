package launch

import (
	"os"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// cluster is one node of real Kafka for all tests.
var cluster = rig.Real()

func TestMain(m *testing.M) { os.Exit(rig.Main(m, "4", cluster)) }

package chaos

import (
	"os"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, "1")) }

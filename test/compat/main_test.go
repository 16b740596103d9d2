package compat

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/kafkaboost/boostd/test/rig"
)

// cluster is one node of real Kafka for all tests.
var cluster = rig.Real()

// parallel is how many tests run at once: most of their time they wait for
// groups to form.
const parallel = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", parallel)
	}
	code := m.Run()
	if err := cluster.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	rig.RemoveBinaries()
	os.Exit(code)
}

// setup is a topic of three partitions, boosted from level 9 to 10.
func setup(t *testing.T, o rig.Options) *rig.Setup {
	t.Helper()
	t.Parallel()
	python(t)
	o.Min, o.Max, o.Partitions = 9, 10, 3
	return rig.New(t, cluster, o)
}

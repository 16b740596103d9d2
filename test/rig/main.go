package rig

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// Main runs the tests of a package that share clusters, and returns the exit
// code. parallel is how many run at once, unless the command line says so: most of
// their time they wait for groups to form and timeouts to end.
func Main(m *testing.M, parallel string, clusters ...*Cluster) int {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		_ = flag.Set("test.parallel", parallel)
	}
	code := m.Run()
	for _, c := range clusters {
		if err := c.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	RemoveBinaries()
	return code
}

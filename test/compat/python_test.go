package compat

import (
	"errors"
	"testing"

	"github.com/kafkaboost/boostd/test/compat/environment"
)

// python is the environment's interpreter. Where the machine has no Python that
// can make one, the test is NOT RUN.
func python(t testing.TB) string {
	t.Helper()
	path, err := environment.Python(t.Context())
	if errors.Is(err, environment.ErrNoPython) || errors.Is(err, environment.ErrNoVenv) {
		t.Skip("NOT RUN: " + err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

package daemon

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Who comes back waits for its former self, and for nobody else.
func TestDepartures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d departures
		await := func(name string, patience time.Duration) (time.Duration, error) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			began := time.Now()
			err := d.await(ctx, name)
			return time.Since(began), err
		}
		gone := d.begin("7")
		time.AfterFunc(3*time.Second, gone)
		if took, err := await("8", time.Minute); took != 0 || err != nil {
			t.Errorf("8 waited %v for 7: %v", took, err)
		}
		if took, err := await("7", time.Second); took != time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("7 waited %v: %v", took, err)
		}
		if took, err := await("7", time.Minute); took != 2*time.Second || err != nil {
			t.Errorf("7 waited %v more: %v", took, err)
		}
		if took, err := await("7", time.Minute); took != 0 || err != nil {
			t.Errorf("7 waited %v for nobody: %v", took, err)
		}
	})
}

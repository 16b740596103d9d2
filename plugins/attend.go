package plugins

import (
	"context"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/kafkaboost/boostd/plugins/wire"
)

const (
	// memoryInterval is the time between two looks at a program's memory, healthInterval
	// that between two questions for a plugin's health while it has nothing to do.
	memoryInterval = 250 * time.Millisecond
	healthInterval = 5 * time.Second
	// healthTimeout is how long the answer may take: an idle plugin has no reason to
	// be busy.
	healthTimeout = 15 * time.Second
)

// attend looks whether a process lives, until it is over. One
// that works is judged by its messages' timeouts alone: it may have a good reason not
// to listen.
func (h *pluginHost) attend(p *process) {
	h.tasks.Go(func() {
		every(h.healthInterval, p.dead, func() {
			if p.busy.Load() > 0 {
				return
			}
			ctx, cancel := context.WithTimeout(context.Background(), h.healthTimeout)
			defer cancel()
			r, err := p.health.Check(ctx, &healthpb.HealthCheckRequest{Service: wire.Service})
			if err == nil && r.GetStatus() == healthpb.HealthCheckResponse_SERVING || p.busy.Load() > 0 {
				return
			}
			p.kill(death{cause: "plugin isn't healthy: " + whyUnhealthy(r, err), wanted: true})
		})
	})
}

func whyUnhealthy(r *healthpb.HealthCheckResponse, err error) string {
	if err != nil {
		return why(err)
	}
	return "it says " + r.GetStatus().String()
}

// every calls f again and again until done is closed.
func every(interval time.Duration, done <-chan struct{}, f func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			f()
		}
	}
}

package console

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	// scrapePatience is how long a scrape waits for the daemon. Prometheus gives
	// up after ten seconds where nobody says otherwise.
	scrapePatience = 2 * time.Second
	// scrapesAtOnce bounds what readers that don't read can keep in memory.
	scrapesAtOnce = 4
)

// NewMetrics serves the daemon's metrics in Prometheus' text format. Each scrape
// shows one Status: its numbers belong together. It answers 503 when there is no
// Status within two seconds. A metric that can't be shown is left out, and
// counted in promhttp_metric_handler_errors_total. The handler is safe for
// concurrent use and asks nobody for permission: that is the server's business.
func NewMetrics(d Daemon) http.Handler {
	process := prometheus.NewRegistry()
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &scraper{daemon: d, metrics: newMetrics(), process: process, free: make(chan struct{}, scrapesAtOnce)}
}

type scraper struct {
	daemon  Daemon
	metrics *metrics
	process *prometheus.Registry // the Go runtime's, the process's, and promhttp's own
	free    chan struct{}        // holds one for each scrape that is going on
}

func (s *scraper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), scrapePatience)
	defer cancel()
	select {
	case s.free <- struct{}{}:
		defer func() { <-s.free }()
	case <-ctx.Done():
		http.Error(w, fmt.Sprintf("scrape metrics: %d other scrapes are going on", scrapesAtOnce), http.StatusServiceUnavailable)
		return
	}
	status, err := s.daemon.Status(ctx)
	if err != nil {
		http.Error(w, fmt.Sprintf("scrape metrics: ask the daemon for its status: %v", err), http.StatusServiceUnavailable)
		return
	}
	now := prometheus.NewRegistry()
	now.MustRegister(picture{s.metrics, status})
	promhttp.HandlerFor(prometheus.Gatherers{now, s.process}, promhttp.HandlerOpts{
		Registry:      s.process,
		ErrorHandling: promhttp.ContinueOnError,
	}).ServeHTTP(w, r)
}

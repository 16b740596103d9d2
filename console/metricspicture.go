package console

import (
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// longestLabel is what a label's value is cut to, in bytes.
const longestLabel = 256

// picture is one Status as metrics.
type picture struct {
	*metrics

	status *Status
}

var _ prometheus.Collector = picture{}

// Describe implements prometheus.Collector.
func (p picture) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range p.descs {
		ch <- d
	}
}

// Collect implements prometheus.Collector. What isn't known is left out.
func (p picture) Collect(ch chan<- prometheus.Metric) {
	c := collected(ch)
	p.collectDaemon(c)
	p.collectSettings(c)
	for n := range p.status.Levels {
		p.level.collect(c, &p.status.Levels[n])
	}
	for n := range p.status.Consumers {
		p.consumer.collect(c, &p.status.Consumers[n])
	}
	for n := range p.status.Handlers {
		h := &p.status.Handlers[n]
		p.handler.collect(c, h)
		if h.Plugin != nil {
			p.plugin.collect(c, h.Name, h.Plugin)
		}
	}
}

func (p picture) collectDaemon(c collected) {
	s := p.status
	c.put(p.build, 1, s.Version, runtime.Version())
	c.put(p.uptime, float64(s.UptimeS))
	c.put(p.ready, truth(s.Ready))
	for _, phase := range []string{"starting", "running", "stopping"} {
		c.put(p.phase, truth(s.Phase == phase), phase)
	}
	seen := map[[2]string]bool{} // subjects that are different may be the same as labels
	for _, a := range s.Alarms {
		id := [2]string{label(a.Kind), label(a.Subject)}
		if !seen[id] {
			c.put(p.alarm, 1, a.Kind, a.Subject)
		}
		seen[id] = true
	}
	c.put(p.alarms, float64(len(s.Alarms)))
	if len(s.Consumers) > 0 { // before, nobody knows
		c.put(p.held, float64(s.HeldCount))
		c.put(p.resolution, float64(s.Resolution.Clamped), "clamped")
		c.put(p.resolution, float64(s.Resolution.Mistyped), "mistyped")
		c.put(p.resolution, float64(s.Resolution.Outranked), "outranked")
	}
}

func (p picture) collectSettings(c collected) {
	s := &p.status.Settings
	if s.Hash != "" {
		c.put(p.settingsInfo, 1, s.Hash, WithoutSecrets(s.Source), s.Version)
	}
	if s.Error != "" || s.CheckedAt != nil {
		c.put(p.reloaded, truth(s.Error == ""))
	}
	c.time(p.checkedAt, s.CheckedAt)
	c.time(p.loadedAt, s.LoadedAt)
}

func (m *levelMetrics) collect(c collected, l *Level) {
	name := strconv.Itoa(l.Level)
	if l.Backlog.Broker != nil {
		c.put(m.broker, float64(*l.Backlog.Broker), name)
	}
	c.put(m.queued, float64(l.Backlog.Queued), name)
	c.put(m.inFlight, float64(l.InFlight), name)
	c.milliseconds(m.oldest, l.OldestMS, name)
	c.put(m.paused, truth(l.Paused != nil), name)
	c.put(m.done, float64(l.Done), name)
	c.put(m.retried, float64(l.Retried), name)
	c.put(m.dead, float64(l.Dead), name)
	c.put(m.held, float64(l.HeldN), name)
	c.put(m.overdue, float64(l.Overdue), name)
	c.put(m.shared, float64(l.Shared), name)
	c.put(m.preempted, float64(l.Preempted), name)
	c.histogram(m.queueWait, l.QueueWait, name)
	c.histogram(m.age, l.Age, name)
}

func (m *consumerMetrics) collect(c collected, k *Consumer) {
	level := ""
	if k.Level != nil {
		level = strconv.Itoa(*k.Level)
	}
	c.put(m.info, 1, k.Name, level, k.Handler, k.Group)
	c.put(m.joined, truth(k.Joined), k.Name)
	c.put(m.partitions, float64(k.Partitions), k.Name)
	if k.Broker != nil {
		c.put(m.broker, float64(*k.Broker), k.Name)
	}
	c.put(m.unsettled, float64(k.Unsettled), k.Name)
	c.put(m.bytes, float64(k.Bytes), k.Name)
	for _, state := range []string{"RUN", "HOLD", "PAUSED"} {
		if k.State != "" {
			c.put(m.state, truth(k.State == state), k.Name, state)
		}
		if seconds, known := k.StateSeconds[state]; known {
			c.put(m.stateSeconds, seconds, k.Name, state)
		}
	}
	c.put(m.pauses, float64(k.Pauses), k.Name)
	c.put(m.resumes, float64(k.Resumes), k.Name)
	c.put(m.rebalances, float64(k.Rebalances), k.Name)
	c.milliseconds(m.commit, k.CommitAgeMS, k.Name)
	c.milliseconds(m.poll, k.TurnedMS, k.Name)
	if k.Client == nil {
		return
	}
	if ms := k.Client.RoundTripMS; ms != nil {
		c.put(m.roundTrip, *ms/1000, k.Name)
	}
	c.put(m.connections, float64(k.Client.Connected), k.Name)
	c.put(m.received, float64(k.Client.ReceivedBytes), k.Name)
	c.put(m.prefetched, float64(k.Client.PrefetchedBytes), k.Name)
}

func (m *handlerMetrics) collect(c collected, h *Handler) {
	c.put(m.info, 1, h.Name, h.Kind)
	p := &h.Policy
	c.put(m.policy, 1, h.Name, p.Mode, p.MaxWait.String(), byLevel(p.MinShare, "=", ""), byLevel(p.Reserve, "=", ""), strconv.FormatBool(p.Preemptible), p.From)
	for _, g := range h.Group {
		if level := strconv.Itoa(g.Level); g.Outstanding != nil {
			c.put(m.outstanding, float64(*g.Outstanding), h.Name, level)
			c.put(m.holds, truth(g.Holds), h.Name, level)
			c.put(m.stalled, truth(g.Stalled), h.Name, level)
		}
	}
	c.put(m.slots, float64(h.Slots), h.Name)
	c.put(m.busy, float64(h.Busy), h.Name)
	c.put(m.stuck, float64(h.Stuck), h.Name)
	c.put(m.results, float64(h.Done), h.Name, "done")
	c.put(m.results, float64(h.Retried), h.Name, "retry")
	c.put(m.results, float64(h.Dead), h.Name, "dead")
	c.put(m.results, float64(h.HeldN), h.Name, "held")
	c.histogram(m.time, h.Time, h.Name)
}

func (m *pluginMetrics) collect(c collected, handler string, p *Plugin) {
	if p.Since != nil {
		c.put(m.info, 1, handler, p.Name, p.Version, p.SDK)
	}
	c.put(m.up, truth(p.Since != nil), handler)
	c.put(m.crashes, float64(p.Crashes), handler)
	c.put(m.replaced, float64(p.Replaced), handler)
	if p.ResidentBytes != nil {
		c.put(m.resident, float64(*p.ResidentBytes), handler)
	}
}

// collected takes the metrics of one scrape.
type collected chan<- prometheus.Metric

func (c collected) put(m metric, value float64, labels ...string) {
	for n := range labels {
		labels[n] = label(labels[n])
	}
	c <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
}

func (c collected) milliseconds(m metric, ms *int64, labels ...string) {
	if ms != nil {
		c.put(m, float64(*ms)/1000, labels...)
	}
}

func (c collected) time(m metric, t *time.Time) {
	if t != nil {
		c.put(m, float64(t.UnixMilli())/1000)
	}
}

// histogram leaves out one without bounds: nothing was measured.
func (c collected) histogram(m metric, h Histogram, labels ...string) {
	if len(h.Bounds) == 0 || len(h.Counts) != len(h.Bounds)+1 {
		return
	}
	for n := range labels {
		labels[n] = label(labels[n])
	}
	buckets, total := make(map[float64]uint64, len(h.Bounds)), uint64(0)
	for n, bound := range h.Bounds {
		total += h.Counts[n]
		buckets[bound.Seconds()] = total
	}
	total += h.Counts[len(h.Bounds)]
	c <- prometheus.MustNewConstHistogram(m.desc, total, h.Sum.Seconds(), buckets, labels...)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// label makes a value that every label may have: one in UTF-8, and not too long.
func label(s string) string {
	if len(s) <= longestLabel && utf8.ValidString(s) {
		return s
	}
	if len(s) > longestLabel {
		cut := longestLabel
		for cut > longestLabel-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// WithoutSecrets leaves out of a source what may be a password or a signature:
// who reads metrics need not be allowed to read settings.
func WithoutSecrets(source string) string {
	scheme, _, isURL := strings.Cut(source, "://")
	if !isURL {
		return source
	}
	u, err := url.Parse(source)
	if err != nil {
		return scheme + "://"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

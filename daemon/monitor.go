package daemon

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kafkaboost/boostd/alarms"
	"github.com/kafkaboost/boostd/scheduler"
)

// monitorInterval is the time between two looks at what is wrong.
const monitorInterval = time.Second

// monitorName is what the pulse calls the monitor.
const monitorName = "the monitor"

// monitor looks once a second what is wrong, logs what begins and ends, keeps
// the rates, and writes pauses by hand down. It ends with the daemon.
func (d *Daemon) monitor() {
	ticker := time.NewTicker(monitorInterval)
	defer ticker.Stop()
	for {
		d.look()
		d.pulse.turned(monitorName)
		select {
		case <-d.life.Done():
			return
		case <-ticker.C:
		}
	}
}

func (d *Daemon) look() {
	conditions := slices.Clone(d.findings.get())
	for path, w := range d.audits {
		if since, missing := w.Failing(); !since.IsZero() {
			conditions = append(conditions, alarms.Condition{Kind: alarms.Audit, Subject: path,
				Text: fmt.Sprintf("audit %s can't be written: %d attempts are missing", path, missing)})
		}
	}
	conditions = append(conditions, d.pluginTroubles(time.Now())...)
	if err := d.Live(); err != nil {
		conditions = append(conditions, alarms.Condition{Kind: alarms.Turning, Text: err.Error()})
	}
	if engine := d.engine.Load(); engine != nil {
		ctx, cancel := context.WithTimeout(d.life, monitorInterval)
		s, err := engine.Status(ctx)
		cancel()
		if err == nil { // otherwise the pulse will say so
			d.rates.add(s)
			d.keepPauses(s.Paused)
			conditions = append(conditions, d.judge.Conditions(s)...)
		}
		conditions = append(conditions, troubles(d.fleet.status())...)
	}
	begun, ended := d.book.update(time.Now(), conditions)
	for _, a := range begun {
		d.logger.Warn("alarm", "kind", string(a.Kind), "subject", a.Subject, "text", a.Text)
	}
	for _, a := range ended {
		d.logger.Info("alarm is over", "kind", string(a.Kind), "subject", a.Subject, "after", time.Since(a.Since).Round(time.Second).String())
	}
	if len(begun)+len(ended) > 0 {
		d.snapshots.forget()
	}
}

// troubles are the Sources' troubles as conditions. What is wrong with a
// connection is so for all consumers that share it, and is said once.
func troubles(members []memberStatus) []alarms.Condition {
	var found []alarms.Condition
	connections, at := 0, -1
	for _, m := range members {
		for _, t := range m.source.Troubles {
			kind := alarms.Kind(t.Kind)
			if kind != alarms.Connection {
				found = append(found, alarms.Condition{Kind: kind, Subject: m.plan.name, Text: "consumer " + m.plan.name + ": " + t.Text})
				continue
			}
			if connections++; at < 0 {
				at = len(found)
				found = append(found, alarms.Condition{Kind: kind, Text: t.Text})
			}
		}
	}
	if connections > 1 {
		found[at].Text += fmt.Sprintf(" (%d consumers)", connections)
	}
	return found
}

// rateWindow is what rates and means are computed over.
const rateWindow = 5 * time.Second

// rates remembers the last seconds' pictures of the scheduler. Safe from any
// goroutine; the zero value is ready.
type rates struct {
	mu       sync.Mutex
	pictures []scheduler.Status
}

func (r *rates) add(s scheduler.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.pictures) > 1 && s.At.Sub(r.pictures[1].At) >= rateWindow {
		r.pictures = r.pictures[1:]
	}
	r.pictures = append(r.pictures, s)
}

// before is the oldest picture of the window and how many seconds old it is;
// zero when it is too young for a rate.
func (r *rates) before(now time.Time) (s scheduler.Status, seconds float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pictures) == 0 || now.Sub(r.pictures[0].At) < time.Second {
		return scheduler.Status{}, 0
	}
	return r.pictures[0], now.Sub(r.pictures[0].At).Seconds()
}

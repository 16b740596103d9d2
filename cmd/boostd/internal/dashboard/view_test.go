package dashboard

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/console"
)

var update = flag.Bool("update", false, "write the golden files anew")

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) *time.Time { t := now.Add(-d); return &t }

// full is a daemon at work.
func full() *console.Status {
	return &console.Status{
		Version: "1.2.3", UptimeS: 93_784, Instance: "alpha/4711", Phase: "running", Ready: true,
		Settings: console.Settings{Source: "file:/etc/boostd/settings.json", Hash: "0123456789abcdef0123456789abcdef", LoadedAt: ago(26 * time.Hour), CheckedAt: ago(3 * time.Second)},
		Levels: []console.Level{
			{Level: 10, Backlog: console.Backlog{Broker: new(int64(0))}, State: "RUN", Rate: new(0.4), DrainS: new(0.0)},
			{Level: 7, Backlog: console.Backlog{Broker: new(int64(12_345_678)), Queued: 1024}, InFlight: 64, OldestMS: new(int64(90_061)), State: "HOLD",
				Reason: "its queue here is full", Rate: new(9_876.5), DrainS: new(1250.2)},
			{Level: 3, Backlog: console.Backlog{Broker: new(int64(5))}, State: "PAUSED", Reason: "paused by hand by ann until 2026-11-25T12:20:00Z: the warehouse is down",
				Paused: &console.Pause{Level: 3, By: "ann", Why: "the warehouse is down", Since: *ago(10 * time.Minute), Until: ago(-20 * time.Minute)}},
			{Level: 0, Backlog: console.Backlog{Queued: 3}, OldestMS: new(int64(12)), State: "PAUSED", Reason: "2.5s of higher work"},
		},
		Consumers: []console.Consumer{
			{Name: "orders/10", Level: new(10), Handler: "orders", Group: "order-workers_priority_10", Partitions: 3, Joined: true, Broker: new(int64(0)), State: "RUN", CommitAgeMS: new(int64(900))},
			{Name: "orders/7", Level: new(7), Handler: "orders", Group: "order-workers_priority_7", Partitions: 3, Joined: true, Broker: new(int64(12_345_678)), Unsettled: 1088, State: "HOLD",
				Reason: "its queue here is full", CommitAgeMS: new(int64(7_200))},
			{Name: "orders/base", Handler: "orders", Group: "order-workers_base", State: "RUN"},
		},
		Handlers: []console.Handler{
			{Name: "orders", Kind: "exec", Slots: 64, Busy: 64, Stuck: 2, MeanUS: new(int64(6_480)), Done: 123_456, Retried: 78, HeldN: 2,
				HotKeys: []console.HotKey{
					{Topic: "orders_7", Partition: 2, Hash: "9f3c00000000aa01", Waiting: 900, Retrying: true},
					{Topic: "orders", Partition: 0, Hash: "00000000000000ff", Waiting: 130}, {Topic: "orders", Partition: 1, Hash: "01", Waiting: 3},
				},
				Policy: console.Policy{Mode: "strict", MaxWait: boostd.Duration(30 * time.Second), MinShare: map[int]int{0: 5, 3: 10, 4: 10}, Reserve: map[int]int{8: 4}, From: "document"},
				Group:  []console.GroupLevel{{Level: 10}, {Level: 7, Outstanding: new(int64(12_346_766)), Stalled: true}, {Level: 3, Outstanding: new(int64(1234)), Holds: true}, {Level: 2, Outstanding: new(int64(1)), Holds: true}}},
			{Name: "mail", Kind: "http", Slots: 4, Policy: console.Policy{Mode: "exclusive", Preemptible: true, From: "handler"}, Group: []console.GroupLevel{{Level: 10, Outstanding: new(int64(0))}}},
			{Name: "pay", Kind: "plugin", Slots: 4, Plugin: &console.Plugin{State: "running", PID: new(4711), Name: "payer", Version: "2.1", SDK: "go 1.0", Since: ago(3 * time.Hour), Crashes: 1, Replaced: 12,
				Error: "not replaced: start plugin: it refuses the work: no \x1b[31mdatabase"}},
			{Name: "ship", Kind: "plugin", Slots: 4, Plugin: &console.Plugin{State: "failing", Crashes: 7, Error: "start plugin: it ended: exit status 1"}},
		},
		Held:      []console.Held{{Topic: "orders_7", Partition: 2, Offset: 1042, Level: 7, Attempts: 5, Reason: "exit 1\nno such \x1b[31mcustomer"}},
		HeldCount: 2,
		Left: []console.Left{
			{Group: "order-workers_base", Topics: []string{"orders"}},
			{Level: new(5), Group: "order-workers_priority_5", Topics: []string{"orders_5"}, Waiting: new(int64(1204))},
			{Level: new(6), Group: "order-workers_priority_6", Topics: []string{"orders_6"}, Waiting: new(int64(0))},
		},
	}
}

func starting() *console.Status {
	return &console.Status{
		Version: "1.2.3", Instance: "alpha/4711", Phase: "starting", Waiting: "good settings",
		Settings: console.Settings{Source: "file:/etc/boostd/settings.json", Error: "settings.json:3:5: max_priority: want 0 to 4095\nsettings.json:9:1: unknown key"},
	}
}

func alarming() *console.Status {
	s := full()
	s.Ready, s.Held, s.HeldCount, s.Handlers, s.Consumers = false, nil, 0, nil, nil
	s.Levels = s.Levels[1:2]
	s.Levels[0].Backlog.Broker, s.Levels[0].Rate, s.Levels[0].DrainS = nil, nil, nil
	s.Alarms = []console.Alarm{
		{Kind: "unreachable", Since: *ago(2 * time.Minute), Text: "kafka-1:9092 speaks TLS, and boostd doesn't: set kafka.properties.security.protocol to ssl, or name the port for connections without TLS in kafka.brokers"},
		{Kind: "stuck", Subject: "orders", Since: *ago(3 * time.Second), Text: "2 messages are with the handler for longer than its timeout"},
	}
	return s
}

func statuses() map[string]*console.Status {
	return map[string]*console.Status{"full": full(), "empty": {Version: "1.2.3", Instance: "alpha/4711", Phase: "running", Ready: true, Settings: full().Settings}, "starting": starting(), "alarming": alarming()}
}

func TestRenderGolden(t *testing.T) {
	for name, s := range statuses() {
		golden(t, name+".txt", Render(s, now, 120, false))
	}
	golden(t, "narrow.txt", Render(alarming(), now, 60, false))
	golden(t, "colours.txt", Render(full(), now, 120, true))
}

// golden compares lines with their file in testdata.
func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	got := strings.ReplaceAll(strings.Join(lines, "\n"), "\x1b", "␛") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", name, got)
	}
}

var sequence = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestRenderNeverWraps: no width is exceeded, and colours change no text.
func TestRenderNeverWraps(t *testing.T) {
	for name, s := range statuses() {
		for width := 1; width <= 160; width += 3 {
			bare, coloured := Render(s, now, width, false), Render(s, now, width, true)
			for n, line := range bare {
				if term.Width(line) > width {
					t.Fatalf("%s in %d cells: line %q fills %d", name, width, line, term.Width(line))
				}
				if got := strings.TrimRight(sequence.ReplaceAllString(coloured[n], ""), " "); got != line {
					t.Fatalf("%s in %d cells: coloured %q, bare %q", name, width, got, line)
				}
			}
		}
	}
}

// TestUnknownIsNoZero: a status that knows no number shows none.
func TestUnknownIsNoZero(t *testing.T) {
	s := &console.Status{Levels: []console.Level{{Level: 4}}, Consumers: []console.Consumer{{Name: "k"}}, Handlers: []console.Handler{{Name: "h"}}}
	if got := strings.Count(strings.Join(Render(s, now, 200, false), "\n"), unknown); got != 6 {
		t.Errorf("%d dashes in\n%s", got, strings.Join(Render(s, now, 200, false), "\n"))
	}
}

func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 59 * time.Second: "59s", 61 * time.Second: "1m01s", 3*time.Hour + 5*time.Minute: "3h05m", 100 * time.Hour: "4d",
	} {
		if got := age(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		250 * time.Microsecond: "250µs", 0: "0s", 6480 * time.Microsecond: "6.5ms", 12 * time.Millisecond: "12ms", 1500 * time.Millisecond: "1.5s", 90 * time.Second: "1m30s",
	} {
		if got := short(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

package console

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/kafkaboost/boostd"
)

var update = flag.Bool("update", false, "write testdata/metrics.txt anew")

// fake is a daemon that shows one status.
type fake struct {
	Daemon

	status *Status
	err    error
	hangs  bool
}

func (f fake) Status(ctx context.Context) (*Status, error) {
	if f.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return f.status, f.err
}

// full has every field that a metric is made of.
func full() *Status {
	at := func(s int64) *time.Time { t := time.Unix(s, 500e6); return &t }
	counts := func(n ...uint64) Histogram {
		return Histogram{Bounds: []time.Duration{100 * time.Microsecond, 200 * time.Microsecond, 210 * time.Second}, Counts: n, Sum: 1500 * time.Millisecond}
	}
	return &Status{
		Version: "1.2.3", UptimeS: 77, Instance: "a", Phase: "running", Ready: true, HeldCount: 3,
		Settings: Settings{Version: "settings-7.json", Hash: "c0ffee", Source: "s3://bucket/users/u", LoadedAt: at(1000), CheckedAt: at(2000)},
		Levels: []Level{
			{Level: 10, Backlog: Backlog{Broker: new(int64(4000)), Queued: 12}, InFlight: 2, OldestMS: new(int64(1250)), State: "RUN",
				Done: 100, Retried: 7, HeldN: 1, Overdue: 4, Shared: 5, Preempted: 6, QueueWait: counts(1, 2, 3, 4), Age: counts(0, 0, 1, 0)},
			{Level: 0, Backlog: Backlog{Queued: 1}, State: "PAUSED", Paused: &Pause{By: "ann"}, Done: 5, QueueWait: counts(0, 0, 0, 0), Age: counts(0, 0, 0, 0)},
		},
		Consumers: []Consumer{
			{Name: "10", Level: new(10), Handler: "mail", Group: "g_priority_10", Partitions: 4, Joined: true, Broker: new(int64(4000)), Unsettled: 14,
				Bytes: 2048, State: "RUN", CommitAgeMS: new(int64(800)), Rebalances: 2, Pauses: 3, Resumes: 3, TurnedMS: new(int64(15)),
				Client:       &KafkaClient{RoundTripMS: new(2.5), Brokers: 3, Connected: 2, ReceivedBytes: 1 << 20, PrefetchedBytes: 4096},
				StateSeconds: map[string]float64{"RUN": 60.5, "HOLD": 1, "PAUSED": 15.5}},
			{Name: "base", Handler: "mail", Group: "g_base", State: "PAUSED", StateSeconds: map[string]float64{"RUN": 77, "HOLD": 0, "PAUSED": 0}},
		},
		Handlers: []Handler{{Name: "mail", Kind: "exec", Slots: 8, Busy: 3, Stuck: 1, Done: 105, Retried: 7, Dead: 2, HeldN: 1, Time: counts(5, 6, 7, 0),
			Policy: Policy{Mode: "strict", MaxWait: boostd.Duration(30 * time.Second), MinShare: map[int]int{0: 5, 3: 10, 4: 10}, Reserve: map[int]int{8: 4}, From: "document"},
			Group:  []GroupLevel{{Level: 10, Outstanding: new(int64(4012)), Holds: true}, {Level: 9}, {Level: 8, Outstanding: new(int64(3)), Stalled: true}},
			Plugin: &Plugin{State: "running", PID: new(4711), Name: "mailer", Version: "2.1", SDK: "go 1.0", Since: at(3000), Crashes: 2, Replaced: 5, ResidentBytes: new(int64(64 << 20))}}},
		Alarms: []Alarm{{Kind: "held", Subject: "10"}, {Kind: "audit", Subject: "/var/log/\"a\"\nb"}},
	}
}

func scrape(t testing.TB, d Daemon) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	NewMetrics(d).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	return w.Code, w.Body.String()
}

var others = regexp.MustCompile(`(?m)^(# (HELP|TYPE) )?(go|process|promhttp)_.*\n`)

// own is what boostd itself says in a scrape of the daemon.
func own(t testing.TB, d Daemon) string {
	t.Helper()
	code, text := scrape(t, d)
	if code != http.StatusOK {
		t.Fatalf("the scrape answers %d: %s", code, text)
	}
	return others.ReplaceAllString(text, "")
}

func TestScrapeOfAFullStatus(t *testing.T) {
	const file = "testdata/metrics.txt"
	got := strings.ReplaceAll(own(t, fake{status: full()}), runtime.Version(), "GOVERSION")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the scrape isn't %s (go test ./console -run ScrapeOfAFull -update writes it anew); it is\n%s", file, got)
	}
}

func TestNamesFollowPractice(t *testing.T) {
	problems, err := promlint.New(strings.NewReader(own(t, fake{status: full()}))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// While the daemon starts nothing is known of levels, consumers and settings.
func TestUnknownIsAbsent(t *testing.T) {
	text := own(t, fake{status: &Status{Version: "1", Phase: "starting"}})
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\w+)`).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	if want := []string{"boostd_alarms", "boostd_build_info", "boostd_phase", "boostd_ready", "boostd_uptime_seconds"}; !slices.Equal(names, want) {
		t.Errorf("a starting daemon shows %v, want %v", names, want)
	}
	s := &Status{Levels: []Level{{Level: 3}}, Consumers: []Consumer{{Name: "3"}}, Settings: Settings{Error: "no such file"}}
	text = own(t, fake{status: s})
	for _, name := range []string{"level_broker_messages", "level_oldest_age_seconds", "level_queue_wait_seconds", "consumer_broker_messages",
		"consumer_state", "consumer_commit_age_seconds", "consumer_poll_age_seconds", "settings_info", "settings_loaded_timestamp_seconds"} {
		if strings.Contains(text, "boostd_"+name) {
			t.Errorf("boostd_%s is shown, but nobody knows it", name)
		}
	}
	if !strings.Contains(text, "boostd_settings_last_reload_successful 0\n") {
		t.Errorf("the failed reload is missing in\n%s", text)
	}
}

// Whatever names and sources hold, a scrape can be read: one line a sample.
func TestStrangeLabels(t *testing.T) {
	for _, strange := range []string{"", `a"b\c`, "two\nlines", "\xff\xfe", "a\x00b", "\u2028", strings.Repeat("é", 9000), strings.Repeat("\x80", 300), "{}=,# 1"} {
		s := full()
		s.Version, s.Settings.Source, s.Settings.Version = strange, strange, strange
		s.Handlers[0].Name, s.Handlers[0].Kind, s.Consumers[0].Group = strange, strange, strange
		s.Handlers[0].Plugin.Name, s.Handlers[0].Plugin.Version, s.Handlers[0].Plugin.SDK = strange, strange, strange
		s.Alarms = []Alarm{{Kind: strange, Subject: strange}, {Kind: strange, Subject: strange + "\xff"}, {Kind: strange, Subject: strange + "\xfe"}}
		text := own(t, fake{status: s})
		if _, err := promlint.New(strings.NewReader(text)).Lint(); err != nil { // it parses all of it
			t.Errorf("label %.20q: %v", strange, err)
		}
		if !strings.Contains(text, "boostd_alarm{") || !strings.Contains(text, "boostd_settings_info{") {
			t.Errorf("label %.20q: samples are missing in\n%s", strange, text)
		}
		for line := range strings.Lines(text) {
			if len(line) > 6*longestLabel {
				t.Errorf("label %.20q makes a line of %d bytes", strange, len(line))
			}
		}
	}
}

func FuzzLabel(f *testing.F) {
	f.Add(strings.Repeat("é", 200))
	f.Add("\xff")
	f.Fuzz(func(t *testing.T, s string) {
		l := label(s)
		if strings.ToValidUTF8(l, "") != l || len(l) > 3*longestLabel || l == "" && s != "" {
			t.Errorf("label(%q) is %q", s, l)
		}
	})
}

func TestSourceWithoutSecrets(t *testing.T) {
	for source, want := range map[string]string{
		"":                                 "",
		"/etc/boostd/settings.json":        "/etc/boostd/settings.json",
		"s3://bucket/users/ann@example.de": "s3://bucket/users/ann@example.de",
		"https://ann:secret@host/a.json?X-Amz-Signature=secret#secret": "https://host/a.json",
		"https://ann:s/e@host/a.json":                                  "https://",
		"https://ho st/%zz?secret":                                     "https://",
	} {
		if got := WithoutSecrets(source); got != want {
			t.Errorf("WithoutSecrets(%q) is %q, want %q", source, got, want)
		}
	}
}

func TestScrapeWithoutStatus(t *testing.T) {
	code, text := scrape(t, fake{err: errors.New("the scheduler is gone")})
	if code != http.StatusServiceUnavailable || !strings.Contains(text, "the scheduler is gone") {
		t.Errorf("answer %d %q, want 503 with the reason", code, text)
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if code, text := scrape(t, fake{hangs: true}); code != http.StatusServiceUnavailable {
			t.Errorf("answer %d %q of a daemon that hangs, want 503", code, text)
		}
		if d := time.Since(start); d != scrapePatience {
			t.Errorf("the answer took %v, want %v", d, scrapePatience)
		}
	})
}

// Of many scrapes at once of a daemon that hangs none waits longer than the
// first ones do.
func TestManyScrapesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler, start := NewMetrics(fake{hangs: true}), time.Now()
		codes := make(chan int)
		for range 20 {
			go func() {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
				codes <- w.Code
			}()
		}
		for range 20 {
			if code := <-codes; code != http.StatusServiceUnavailable {
				t.Errorf("answer %d, want 503", code)
			}
		}
		if d := time.Since(start); d != scrapePatience {
			t.Errorf("20 scrapes took %v, want %v", d, scrapePatience)
		}
	})
}

// levels is a status with n levels, each with a consumer of its own.
func levels(n int) *Status {
	s := full()
	bounds := make([]time.Duration, 22)
	for b := range bounds {
		bounds[b] = 100 * time.Microsecond << b
	}
	h := Histogram{Bounds: bounds, Counts: make([]uint64, 23), Sum: time.Second}
	s.Levels, s.Consumers[0].Handler = nil, "mail"
	one := s.Consumers[0]
	s.Consumers = nil
	for l := range n {
		s.Levels = append(s.Levels, Level{Level: l, Backlog: Backlog{Broker: new(int64(l))}, OldestMS: new(int64(l)), QueueWait: h, Age: h})
		one.Name, one.Level = fmt.Sprint(l), new(l)
		s.Consumers = append(s.Consumers, one)
	}
	s.Handlers[0].Time = h
	return s
}

func TestManyLevels(t *testing.T) {
	start := time.Now()
	_, text := scrape(t, fake{status: levels(4096)})
	t.Logf("%d lines, %d MiB in %v", strings.Count(text, "\n"), len(text)>>20, time.Since(start))
	for _, name := range []string{"boostd_level_done_total{", "boostd_level_queue_wait_seconds_count{", "boostd_consumer_partitions{"} {
		if n := strings.Count(text, "\n"+name); n != 4096 {
			t.Errorf("%d series of %s…, want 4096", n, name)
		}
	}
}

func BenchmarkScrape(b *testing.B) {
	handler := NewMetrics(fake{status: levels(11)})
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/metrics", nil))
		if w.Code != http.StatusOK {
			b.Fatalf("answer %d", w.Code)
		}
		b.ReportMetric(float64(w.Body.Len()), "bytes")
	}
}

package rules

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/rules"
)

const (
	rulesFile = "../../contrib/prometheus/rules.yaml"
	suiteFile = "../../contrib/prometheus/rules_test.yaml"
	runbook   = "../../docs/RUNBOOK.md"
)

func TestRules(t *testing.T) {
	s := readSuite(t, suiteFile)
	for _, g := range s.Tests {
		t.Run(strings.ReplaceAll(g.Name, " ", "_"), func(t *testing.T) {
			for _, d := range g.run(t, time.Duration(s.EvaluationInterval), s.RuleFiles) {
				t.Error(d)
			}
		})
	}
}

// What is tested at a time between two evaluations would never be looked at.
func TestTimesAreEvaluations(t *testing.T) {
	s := readSuite(t, suiteFile)
	for _, g := range s.Tests {
		for _, c := range g.Alerts {
			if c.EvalTime%s.EvaluationInterval != 0 {
				t.Errorf("%s: %s is tested at %v, which is no evaluation", g.Name, c.Name, time.Duration(c.EvalTime))
			}
		}
	}
}

// Each alert is seen firing and silent, each recording rule in an expression.
func TestAllRulesAreTested(t *testing.T) {
	s := readSuite(t, suiteFile)
	silent, fires, exprs := map[string]bool{}, map[string]bool{}, ""
	for _, g := range s.Tests {
		for _, c := range g.Alerts {
			silent[c.Name] = silent[c.Name] || len(c.Firing) == 0
			fires[c.Name] = fires[c.Name] || len(c.Firing) > 0
		}
		for _, c := range g.Exprs {
			exprs += c.Expr + "\n"
		}
	}
	for _, g := range load(t, time.Minute, s.RuleFiles, nil) {
		for _, r := range g.Rules() {
			switch _, alerts := r.(*rules.AlertingRule); {
			case alerts && (!silent[r.Name()] || !fires[r.Name()]):
				t.Errorf("%s: want a test in which it fires and one in which it doesn't", r.Name())
			case !alerts && !strings.Contains(exprs, r.Name()):
				t.Errorf("%s: want a test of its value", r.Name())
			}
		}
	}
}

// The tests notice rules that say something else.
func TestWrongRulesAreFound(t *testing.T) {
	s, text := readSuite(t, suiteFile), string(read(t, rulesFile))
	for _, wrong := range []struct{ old, new string }{
		{"boostd_consumer_commit_age_seconds > 30", "boostd_consumer_commit_age_seconds > 30000"},
		{`kind="no_progress"`, `kind="progress"`},
		{"boostd_ready == 0\n        for: 5m", "boostd_ready == 0\n        for: 10m"},
		{"unless boostd_level_paused_by_hand == 1", ""},
		{"absent(boostd_build_info)", "absent(boostd_build_info{x=\"y\"})"},
		{"histogram_quantile(0.99", "histogram_quantile(0.5"},
	} {
		file := filepath.Join(t.TempDir(), "rules.yaml")
		if !strings.Contains(text, wrong.old) {
			t.Fatalf("rules.yaml doesn't have %q any more", wrong.old)
		}
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, wrong.old, wrong.new)), 0o600); err != nil {
			t.Fatal(err)
		}
		noticed := slices.ContainsFunc(s.Tests, func(g group) bool {
			return len(g.run(t, time.Duration(s.EvaluationInterval), []string{file})) > 0
		})
		if !noticed {
			t.Errorf("no test notices %q instead of %q", wrong.new, wrong.old)
		}
	}
}

// Each alert says where its chapter in the runbook is, and each chapter belongs
// to an alert and has its three parts.
func TestRunbookHasAChapterForEachAlert(t *testing.T) {
	chapters := map[string]string{}
	for _, c := range strings.Split("\n"+string(read(t, runbook)), "\n### ")[1:] {
		title, text, _ := strings.Cut(c, "\n")
		text, _, _ = strings.Cut(text, "\n## ")
		chapters[title] = text
	}
	var names []string
	for _, g := range load(t, time.Minute, []string{rulesFile}, nil) {
		for _, r := range g.AlertingRules() {
			names = append(names, r.Name())
			a := r.Annotations()
			if a.Get("summary") == "" || a.Get("description") == "" || r.Labels().Get("severity") == "" {
				t.Errorf("%s: want summary, description and severity", r.Name())
			}
			if url := a.Get("runbook_url"); !strings.HasSuffix(url, "/docs/RUNBOOK.md#"+strings.ToLower(r.Name())) {
				t.Errorf("%s: its runbook_url is %s", r.Name(), url)
			}
		}
	}
	slices.Sort(names)
	if titles := slices.Sorted(maps.Keys(chapters)); !slices.Equal(titles, names) {
		t.Errorf("the runbook has chapters for %v, rules.yaml has %v", titles, names)
	}
	for title, text := range chapters {
		for _, part := range []string{"**Meaning.** ", "**How to see.** ", "**What to do.** "} {
			if !strings.Contains(text, part) {
				t.Errorf("chapter %s lacks %s", title, part)
			}
		}
	}
}

// Whatever kind of alarm boostd can raise, somebody is told.
func TestEachKindOfAlarmHasARule(t *testing.T) {
	kinds := map[string]bool{}
	find := func(pattern string, files ...string) {
		for _, file := range files {
			for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(read(t, file), -1) {
				kinds[string(m[1])] = true
			}
		}
	}
	sources, err := filepath.Glob("../../kafkaio/*.go")
	if err != nil {
		t.Fatal(err)
	}
	find(`(?m)^\t\w+ +Kind = "(\w+)"`, "../../alarms/alarm.go")
	find(`setTrouble\("(\w+)"`, sources...)
	if len(kinds) < 17 {
		t.Fatalf("only %d kinds of alarms were found: %v", len(kinds), kinds)
	}
	text := string(read(t, rulesFile))
	for kind := range kinds {
		if !strings.Contains(text, `kind="`+kind+`"`) {
			t.Errorf("no rule tells of alarms of kind %q", kind)
		}
	}
	for _, m := range regexp.MustCompile(`kind="(\w+)"`).FindAllStringSubmatch(text, -1) {
		if !kinds[m[1]] {
			t.Errorf("a rule is for alarms of kind %q, which there isn't", m[1])
		}
	}
}

// What METRICS.md tells to write into prometheus.yml is valid.
func TestConfigurationOfPrometheus(t *testing.T) {
	snippet := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(string(read(t, metricsFile)))
	if snippet == nil {
		t.Fatal("METRICS.md doesn't show how Prometheus is configured")
	}
	c, err := config.Load(snippet[1], slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.ScrapeConfigs) != 1 || c.ScrapeConfigs[0].JobName != "boostd" {
		t.Errorf("want one job, boostd, which the rules are about; it has %+v", c.ScrapeConfigs)
	}
}

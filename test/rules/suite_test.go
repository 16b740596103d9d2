// Package rules tests what is in contrib/ for Prometheus and Grafana, with
// Prometheus' own code. It is a module of its own, so that boostd doesn't depend
// on Prometheus. Run it with go test -count=1: go test does not notice changes of
// files outside the module.
package rules

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v4"
)

// suite is a file of unit tests in promtool's format: the part of it that ours
// use. Other keys are refused.
type suite struct {
	RuleFiles          []string `yaml:"rule_files"`
	EvaluationInterval span     `yaml:"evaluation_interval"`
	Tests              []group  `yaml:"tests"`
}

// group is one history of series, and what is to follow from it.
type group struct {
	Name        string `yaml:"name"`
	Interval    span   `yaml:"interval"` // between the series' values
	InputSeries []struct {
		Series, Values string
	} `yaml:"input_series"`
	Alerts []alertCase `yaml:"alert_rule_test"`
	Exprs  []exprCase  `yaml:"promql_expr_test"`
}

type alertCase struct {
	EvalTime span   `yaml:"eval_time"`
	Name     string `yaml:"alertname"`
	Firing   []struct {
		Labels      map[string]string `yaml:"exp_labels"`
		Annotations map[string]string `yaml:"exp_annotations"`
	} `yaml:"exp_alerts"`
}

type exprCase struct {
	EvalTime span   `yaml:"eval_time"`
	Expr     string `yaml:"expr"`
	Samples  []struct {
		Labels string  `yaml:"labels"`
		Value  float64 `yaml:"value"`
	} `yaml:"exp_samples"`
}

// span is a duration as Prometheus writes it.
type span time.Duration

func (s *span) UnmarshalYAML(node *yaml.Node) error {
	d, err := model.ParseDuration(node.Value)
	*s = span(d)
	return err
}

// epoch is the time that long after the beginning of all histories.
func epoch(s span) time.Time { return time.Unix(0, 0).UTC().Add(time.Duration(s)) }

var promQL = parser.NewParser(parser.Options{})

func readSuite(t *testing.T, path string) suite {
	t.Helper()
	var s suite
	decoder := yaml.NewDecoder(bytes.NewReader(read(t, path)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&s); err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	for n, file := range s.RuleFiles {
		s.RuleFiles[n] = filepath.Join(filepath.Dir(path), file)
	}
	return s
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// run evaluates the files' rules over the group's history, and says in what the
// outcome differs from the one that the group expects.
func (g *group) run(t *testing.T, interval time.Duration, files []string) (differences []string) {
	t.Helper()
	loader, err := promqltest.NewLazyLoader(g.history(), promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true})
	if err != nil {
		t.Fatalf("load the series of %q: %v", g.Name, err)
	}
	defer func() {
		if err := loader.Close(); err != nil {
			t.Error(err)
		}
	}()
	groups := load(t, interval, files, loader)
	for at := time.Duration(0); at <= g.end(); at += interval {
		now := epoch(span(at))
		loader.WithSamplesTill(now, func(err error) {
			if err != nil {
				t.Fatal(err)
			}
			for _, rs := range groups {
				rs.Eval(loader.Context(), now)
			}
		})
		differences = append(differences, broken(groups, at)...)
		for _, c := range g.Alerts {
			if time.Duration(c.EvalTime) == at {
				differences = append(differences, difference(at, c.Name, c.expected(), firing(groups, c.Name))...)
			}
		}
	}
	for _, c := range g.Exprs {
		got, err := query(loader, c)
		if err != nil {
			t.Fatalf("%s: %v", c.Expr, err)
		}
		differences = append(differences, difference(time.Duration(c.EvalTime), c.Expr, c.expected(t), got)...)
	}
	return differences
}

// history is the series in the language of Prometheus' own tests.
func (g *group) history() string {
	b := &strings.Builder{}
	fmt.Fprintf(b, "load %v\n", model.Duration(g.Interval))
	for _, s := range g.InputSeries {
		fmt.Fprintf(b, "  %s %s\n", s.Series, s.Values)
	}
	return b.String()
}

// end is when the last thing is expected.
func (g *group) end() time.Duration {
	end := span(0)
	for _, c := range g.Alerts {
		end = max(end, c.EvalTime)
	}
	for _, c := range g.Exprs {
		end = max(end, c.EvalTime)
	}
	return time.Duration(end)
}

func load(t *testing.T, interval time.Duration, files []string, loader *promqltest.LazyLoader) []*rules.Group {
	t.Helper()
	options := &rules.ManagerOptions{Context: context.Background(), Logger: slog.New(slog.DiscardHandler), Parser: promQL,
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {}}
	if loader != nil {
		options.Appendable, options.Queryable = loader.Storage(), loader.Storage()
		options.QueryFunc = rules.EngineQueryFunc(loader.QueryEngine(), loader.Storage())
	}
	byName, errs := rules.NewManager(options).LoadGroups(interval, labels.EmptyLabels(), "", nil, false, files...)
	if len(errs) > 0 {
		t.Fatalf("load rules: %v", errs)
	}
	var groups []*rules.Group
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		groups = append(groups, byName[name])
		for _, r := range byName[name].AlertingRules() {
			r.SetRestored(true) // there is nothing from before
		}
	}
	return groups
}

// broken are the rules that couldn't be evaluated.
func broken(groups []*rules.Group, at time.Duration) (differences []string) {
	for _, g := range groups {
		for _, r := range g.Rules() {
			if err := r.LastError(); err != nil {
				differences = append(differences, fmt.Sprintf("%v: rule %s: %v", at, r.Name(), err))
			}
		}
	}
	return differences
}

func (c *alertCase) expected() (all []string) {
	for _, a := range c.Firing {
		l := labels.NewBuilder(labels.FromMap(a.Labels)).Set(labels.AlertName, c.Name).Labels()
		all = append(all, l.String()+" "+labels.FromMap(a.Annotations).String())
	}
	return all
}

func firing(groups []*rules.Group, name string) (all []string) {
	for _, g := range groups {
		for _, r := range g.AlertingRules() {
			for _, a := range r.ActiveAlerts() {
				if r.Name() == name && a.State == rules.StateFiring {
					all = append(all, a.Labels.String()+" "+a.Annotations.String())
				}
			}
		}
	}
	return all
}

func (c *exprCase) expected(t *testing.T) (all []string) {
	t.Helper()
	for _, s := range c.Samples {
		l, err := promQL.ParseMetric(s.Labels)
		if err != nil {
			t.Fatalf("labels %s: %v", s.Labels, err)
		}
		all = append(all, fmt.Sprintf("%s %v", l, s.Value))
	}
	return all
}

func query(loader *promqltest.LazyLoader, c exprCase) (all []string, err error) {
	q, err := loader.QueryEngine().NewInstantQuery(loader.Context(), loader.Queryable(), nil, c.Expr, epoch(c.EvalTime))
	if err != nil {
		return nil, err
	}
	defer q.Close()
	result := q.Exec(loader.Context())
	if result.Err != nil {
		return nil, result.Err
	}
	vector, ok := result.Value.(promql.Vector)
	if !ok {
		return nil, fmt.Errorf("is a %s, want a vector", result.Value.Type())
	}
	for _, s := range vector {
		all = append(all, fmt.Sprintf("%s %v", s.Metric, s.F))
	}
	return all, nil
}

func difference(at time.Duration, what string, want, got []string) []string {
	slices.Sort(want)
	slices.Sort(got)
	if slices.Equal(want, got) {
		return nil
	}
	return []string{fmt.Sprintf("%v: %s\n  want %s\n  got  %s", at, what, strings.Join(want, "\n       "), strings.Join(got, "\n       "))}
}

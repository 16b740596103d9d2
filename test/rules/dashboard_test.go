package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
)

const (
	dashboardFile = "../../contrib/grafana/boostd.json"
	metricsFile   = "../../docs/METRICS.md"
	scrapeFile    = "../../console/testdata/metrics.txt"
)

// dashboard is what the tests want to know of Grafana's model.
type dashboard struct {
	UID, Title    string
	SchemaVersion int
	Panels        []panel
	Annotations   struct{ List []struct{ Name, Expr string } }
	Templating    struct {
		List []struct {
			Name, Type, Definition string
			Query                  any
		}
	}
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Datasource               struct{ Type, UID string }
	Targets                  []struct{ RefID, Expr, Format string }
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal(read(t, dashboardFile), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// variables are put in as Grafana does it, for "All".
var variables = strings.NewReplacer("$__rate_interval", "5m", "$job", ".*", "$instance", ".*")

// exprs are the dashboard's expressions by where they are.
func (d *dashboard) exprs() map[string]string {
	all := map[string]string{}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all[fmt.Sprintf("panel %q, %s", p.Title, target.RefID)] = variables.Replace(target.Expr)
		}
	}
	for _, a := range d.Annotations.List {
		all[fmt.Sprintf("annotation %q", a.Name)] = variables.Replace(a.Expr)
	}
	return all
}

// documented is what METRICS.md knows: each metric's labels, by the names of its
// series.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	known := map[string][]string{}
	row := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\w+) \\| ([^|]*) \\|")
	for _, m := range row.FindAllStringSubmatch(string(read(t, metricsFile)), -1) {
		own := append(strings.Fields(strings.Trim(strings.ReplaceAll(m[3], "`", ""), "–")), "job", "instance")
		if m[2] == "histogram" {
			known[m[1]+"_bucket"] = append(slices.Clone(own), "le")
			known[m[1]+"_sum"], known[m[1]+"_count"] = own, own
		} else {
			known[m[1]] = own
		}
	}
	if len(known) < 40 {
		t.Fatalf("METRICS.md has only %d metrics that can be read", len(known))
	}
	return known
}

// unknown are the metrics and labels of an expression that METRICS.md doesn't
// have.
func unknown(expr parser.Expr, known map[string][]string) (all []string) {
	var anywhere []string
	for _, own := range known {
		anywhere = append(anywhere, own...)
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			own, exists := known[n.Name]
			if !exists {
				all = append(all, "metric "+n.Name)
				return nil
			}
			for _, m := range n.LabelMatchers {
				if m.Name != labels.MetricName && !slices.Contains(own, m.Name) {
					all = append(all, fmt.Sprintf("label %s of metric %s", m.Name, n.Name))
				}
			}
		case *parser.AggregateExpr:
			for _, label := range n.Grouping {
				if !slices.Contains(anywhere, label) {
					all = append(all, "label "+label)
				}
			}
		}
		return nil
	})
	return all
}

func TestDashboardUsesDocumentedMetrics(t *testing.T) {
	d, known := readDashboard(t), documented(t)
	for where, text := range d.exprs() {
		expr, err := promQL.ParseExpr(text)
		if err != nil {
			t.Errorf("%s: %s: %v", where, text, err)
			continue
		}
		for _, what := range unknown(expr, known) {
			t.Errorf("%s: METRICS.md has no %s", where, what)
		}
	}
}

func TestRulesUseDocumentedMetrics(t *testing.T) {
	known := documented(t)
	known["up"] = []string{"job", "instance"}
	for _, g := range load(t, 0, []string{rulesFile}, nil) {
		for _, r := range g.Rules() {
			for _, what := range unknown(r.(interface{ Query() parser.Expr }).Query(), known) {
				t.Errorf("%s: METRICS.md has no %s", r.Name(), what)
			}
			if a, ok := r.(*rules.AlertingRule); ok {
				a.Annotations().Range(func(l labels.Label) { templates(t, a.Name(), l.Value, known) })
			}
		}
	}
}

// templates fails for labels in a text that no metric has.
func templates(t *testing.T, alert, text string, known map[string][]string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(text, -1) {
		if !slices.ContainsFunc(slices.Collect(maps.Values(known)), func(own []string) bool { return slices.Contains(own, m[1]) }) {
			t.Errorf("%s: no metric has the label %s", alert, m[1])
		}
	}
}

// Every expression shows something for a scrape of two instances with all
// metrics: labels have the values that it asks for, and what it joins matches.
func TestDashboardShowsSomething(t *testing.T) {
	loader, err := promqltest.NewLazyLoader(history(t), promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := loader.Close(); err != nil {
			t.Error(err)
		}
	}()
	at := span(600e9)
	loader.WithSamplesTill(epoch(at), func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	})
	d := readDashboard(t)
	for where, text := range d.exprs() {
		if strings.HasPrefix(where, "annotation") {
			continue // nothing changes
		}
		got, err := query(loader, exprCase{EvalTime: at, Expr: text})
		if err != nil {
			t.Errorf("%s: %s: %v", where, text, err)
		} else if len(got) == 0 || strings.HasSuffix(got[0], " NaN") {
			t.Errorf("%s: %s shows %v", where, text, got)
		}
	}
}

// history is ten minutes of two instances that are scraped once a minute, of
// which each shows what console's test of a full status does.
func history(t *testing.T) string {
	t.Helper()
	b := &strings.Builder{}
	b.WriteString("load 1m\n")
	kind := "gauge"
	text := string(read(t, scrapeFile))
	for name := range documented(t) { // of the Go client, which the scrape is without
		if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
			text += "# TYPE " + name + " counter\n" + name + " 1\n"
		}
	}
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); words[0] == "#" {
			kind = words[3]
			continue
		}
		cut := strings.LastIndexByte(line, ' ')
		name, own, _ := strings.Cut(strings.TrimSuffix(line[:cut], "}"), "{")
		values := strings.TrimSpace(line[cut:]) + "x10"
		if kind != "gauge" {
			values = "0+1x10"
		}
		for _, instance := range []string{"a", "b"} {
			fmt.Fprintf(b, "  %s{job=\"boostd\",instance=%q,%s} %s\n", name, instance, own, values)
		}
	}
	return b.String()
}

// Grafana 10 and later can import it: identities are unique, panels lie beside
// each other, and every panel goes by the variable of the data source.
func TestDashboardIsWellFormed(t *testing.T) {
	d := readDashboard(t)
	if d.UID == "" || d.Title == "" || d.SchemaVersion < 38 {
		t.Errorf("uid %q, title %q, schema %d: want all, and a schema of Grafana 10", d.UID, d.Title, d.SchemaVersion)
	}
	var names []string
	for _, v := range d.Templating.List {
		names = append(names, v.Name+" "+v.Type)
	}
	if want := []string{"datasource datasource", "job query", "instance query"}; !slices.Equal(names, want) {
		t.Errorf("variables %v, want %v", names, want)
	}
	ids, cells, rows := map[int]bool{}, map[[2]int]string{}, []string{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("panel %q: id %d is taken", p.Title, p.ID)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("panel %q lies on %q, or outside", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			rows = append(rows, p.Title)
			continue
		}
		p.check(t)
	}
	if want := []string{"Overview", "Backlog", "Throughput", "Waits", "Gate", "Handlers", "Commits and groups", "Settings", "Process"}; !slices.Equal(rows, want) {
		t.Errorf("rows %v, want %v", rows, want)
	}
}

func (p *panel) check(t *testing.T) {
	t.Helper()
	if !slices.Contains([]string{"timeseries", "stat", "table", "state-timeline"}, p.Type) {
		t.Errorf("panel %q is a %q", p.Title, p.Type)
	}
	if p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
		t.Errorf("panel %q: want targets, and the data source of the variable", p.Title)
	}
	refs := map[string]bool{}
	for _, target := range p.Targets {
		if target.RefID == "" || refs[target.RefID] {
			t.Errorf("panel %q: refId %q is missing or taken", p.Title, target.RefID)
		}
		refs[target.RefID] = true
	}
}

package console

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// row is what METRICS.md, or a scrape, says of a metric.
type row struct{ kind, labels, help string }

var (
	tableRow = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\w+) \\| ([^|]*) \\| ([^|]*) \\| ([^|]+) \\|$")
	comment  = regexp.MustCompile(`(?m)^# (HELP|TYPE) (\w+) (.*)$`)
	quoted   = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	part     = regexp.MustCompile(`_(bucket|sum|count)$`)
	keyOf    = regexp.MustCompile(`(\w+)=`)
)

func documented(t *testing.T) map[string]row {
	t.Helper()
	text, err := os.ReadFile("../docs/METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]row{}
	for _, m := range tableRow.FindAllStringSubmatch(string(text), -1) {
		labels := strings.ReplaceAll(strings.Trim(m[3], "–"), "`", "")
		if _, twice := rows[m[1]]; twice {
			t.Errorf("METRICS.md has %s twice", m[1])
		}
		rows[m[1]] = row{m[2], labels, m[4]}
	}
	if n := strings.Count(string(text), "\n| `"); n != len(rows) {
		t.Errorf("METRICS.md has %d rows, of which %d can be read", n, len(rows))
	}
	return rows
}

// shown is every metric of a scrape.
func shown(text string) map[string]row {
	rows, labels := map[string]row{}, map[string]map[string]bool{}
	for _, m := range comment.FindAllStringSubmatch(text, -1) {
		r := rows[m[2]]
		if m[1] == "HELP" {
			r.help = m[3]
		} else {
			r.kind = m[3]
		}
		rows[m[2]], labels[m[2]] = r, map[string]bool{}
	}
	for line := range strings.Lines(text) {
		name, rest, labelled := strings.Cut(quoted.ReplaceAllString(line, ""), "{")
		if strings.HasPrefix(line, "#") || !labelled {
			continue
		}
		if labels[name] == nil {
			name = part.ReplaceAllString(name, "")
		}
		for _, m := range keyOf.FindAllStringSubmatch(rest, -1) {
			if m[1] != "le" {
				labels[name][m[1]] = true
			}
		}
	}
	for name, r := range rows {
		r.labels = strings.Join(slices.Sorted(maps.Keys(labels[name])), " ")
		rows[name] = r
	}
	return rows
}

// METRICS.md says of each metric what a scrape says, and has all of boostd's.
func TestMetricsAreDocumented(t *testing.T) {
	_, text := scrape(t, fake{status: full()})
	want, got := shown(text), documented(t)
	for name, r := range got {
		w, exists := want[name]
		switch {
		case !exists:
			t.Errorf("METRICS.md has %s, which no scrape has", name)
		case r.kind != w.kind || r.labels != w.labels:
			t.Errorf("METRICS.md says that %s is a %s with labels %q; it is a %s with labels %q", name, r.kind, r.labels, w.kind, w.labels)
		case strings.HasPrefix(name, "boostd_") && r.help != w.help:
			t.Errorf("METRICS.md says that %s is %q, a scrape says %q", name, r.help, w.help)
		}
	}
	for name := range want {
		if _, exists := got[name]; !exists && strings.HasPrefix(name, "boostd_") {
			t.Errorf("METRICS.md lacks %s", name)
		}
	}
}

// Every metric that there can be is in the full status: a new one is tested.
func TestFullStatusHasAll(t *testing.T) {
	text := own(t, fake{status: full()})
	for _, d := range newMetrics().descs {
		name := regexp.MustCompile(`fqName: "(\w+)"`).FindStringSubmatch(d.String())[1]
		if !strings.Contains(text, "# TYPE "+name+" ") {
			t.Errorf("%s is missing", name)
		}
	}
}

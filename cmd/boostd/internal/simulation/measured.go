package simulation

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
)

// atLeast is how many durations say how a hundredth of them is spread.
const atLeast = 100

// Measure writes keys of a File: how long the handler took in an audit, and how
// long what came while it ran was on its way. The latter is that of the highest
// level alone, which neither a window nor the gate keeps in the broker.
func Measure(w io.Writer, path string) error {
	records, err := readAudit(path)
	if err != nil {
		return err
	}
	handler, fetch := took(records)
	for _, one := range []struct {
		what string
		all  []time.Duration
	}{{"finished attempts", handler}, {"messages of the highest level that came while it ran", fetch}} {
		if len(one.all) < atLeast {
			return fmt.Errorf("measure %s: it has %d %s: want at least %d", path, len(one.all), one.what, atLeast)
		}
	}
	_, err = fmt.Fprintf(w, "# %d attempts and %d fetches in an audit\nhandler: %s\nlatency:\n  fetch: %s\n",
		len(handler), len(fetch), mix(handler), mix(fetch))
	return err
}

// took are the durations of all attempts, and of the fetches that tell.
func took(records []audit.Record) (handler, fetch []time.Duration) {
	began, highest := records[0].FetchedAt, boostd.Level(0)
	for n := range records {
		if r := &records[n]; r.FetchedAt.Before(began) {
			began = r.FetchedAt
		}
		highest = max(highest, records[n].Level)
	}
	for n := range records {
		r := &records[n]
		handler = append(handler, max(r.FinishedAt.Sub(r.StartedAt), 0))
		if r.Attempt == 1 && r.Level == highest && r.ProducedAt.After(began) {
			fetch = append(fetch, max(r.FetchedAt.Sub(r.ProducedAt), 0))
		}
	}
	return handler, fetch
}

// edges are where the parts of a mix end, in thousandths: the longest durations
// are the ones that a p99 is about.
var edges = []int{100, 200, 300, 400, 500, 600, 700, 800, 900, 950, 980, 990, 995, 1000}

// mix says how durations are spread: each part evenly between its shortest and
// its longest, and the last one, of which a few may be far out, as its mean.
func mix(all []time.Duration) string {
	slices.Sort(all)
	var parts []string
	from := 0
	for n, edge := range edges {
		to := len(all) * edge / 1000
		part := all[from:to]
		if len(part) == 0 {
			continue // too few for it
		}
		spread := fmt.Sprintf("uniform: {min: %v, max: %v}", part[0], part[len(part)-1])
		if n == len(edges)-1 {
			spread = fmt.Sprintf("constant: %v", mean(part))
		}
		parts = append(parts, fmt.Sprintf("{share: %d, %s}", len(part), spread))
		from = to
	}
	return "{mix: [" + strings.Join(parts, ", ") + "]}"
}

func mean(all []time.Duration) (sum time.Duration) {
	for _, d := range all {
		sum += d
	}
	return sum / time.Duration(len(all))
}

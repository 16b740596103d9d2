package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

// ownership is whose a function is, by a part of its name: the first that fits.
var ownership = []struct{ owner, mark string }{
	{"the benchmark's own counting", "main."},
	{"the benchmark's own counting", "boostd/test/bench"},
	{"boostd", "github.com/kafkaboost/boostd"},
	{"the client's Go side", "confluent-kafka-go"},
	{"the actor system", "protoactor-go"},
}

const (
	library  = "librdkafka, and the way into it and back"
	goItself = "Go itself: collector, scheduler, timers"
)

// ownerOf says whose a sample is: of the innermost function that is somebody's, for
// what the standard library does is done for its caller. A call into C, and what threads of
// C do, is librdkafka's.
func ownerOf(stack []string) string {
	if len(stack) > 0 && slices.ContainsFunc(stack[:min(2, len(stack))], isC) {
		return library
	}
	for _, name := range stack {
		for _, o := range ownership {
			if strings.HasPrefix(name, o.mark) || strings.Contains(o.mark, "-") && strings.Contains(name, o.mark) || strings.Contains(o.mark, "boostd") && strings.Contains(name, o.mark) {
				return o.owner
			}
		}
	}
	return goItself
}

// isC tells of a function that stands for C, in which Go's profiler doesn't look around.
func isC(name string) bool {
	switch name {
	case "runtime.cgocall", "runtime.asmcgocall", "runtime.cgocallback", "runtime._ExternalCode":
		return true
	}
	return strings.Contains(name, "_Cfunc_")
}

// stackOf are a sample's functions, the innermost first.
func stackOf(s *profile.Sample) (names []string) {
	for _, l := range s.Location {
		for _, line := range l.Line {
			if line.Function != nil {
				names = append(names, line.Function.Name)
			}
		}
	}
	return names
}

// owners are the shares of a profile, in percent, by owner; value is the place of the
// samples' value.
func owners(p *profile.Profile, value int) map[string]float64 {
	sum := int64(0)
	all := map[string]float64{}
	for _, s := range p.Sample {
		all[ownerOf(stackOf(s))] += float64(s.Value[value])
		sum += s.Value[value]
	}
	for name := range all {
		all[name] *= 100 / float64(max(sum, 1))
	}
	return all
}

// table of shares, the largest first.
func table(shares map[string]float64) string {
	var b strings.Builder
	for _, name := range sorted(shares) {
		fmt.Fprintf(&b, "%6.1f %%  %s\n", shares[name], name)
	}
	return b.String()
}

// sorted are the keys, the largest value first.
func sorted[V cmp.Ordered](m map[string]V) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
}

package kafkaio

import (
	"slices"
	"strings"
	"time"

	"github.com/kafkaboost/boostd"
)

// epoch is what turns are counted from: its monotonic reading survives a clock
// that jumps.
var epoch = time.Now()

// Status implements actors.Source.
func (s *Source) Status() boostd.SourceStatus {
	status := boostd.SourceStatus{Group: s.o.Group, Topics: s.topics(), Rebalances: s.rebalances.Load()}
	if at := s.turned.Load(); at != 0 {
		status.Turned = epoch.Add(time.Duration(at))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	status.Committed, status.Uncommitted = s.committed, s.uncommitted
	status.Client = s.stats
	for _, t := range s.trouble {
		status.Troubles = append(status.Troubles, t)
	}
	slices.SortFunc(status.Troubles, func(a, b boostd.StandingTrouble) int { return strings.Compare(a.Kind, b.Kind) })
	return status
}

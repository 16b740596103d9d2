package e2e

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/test/rig"
)

// With order key the messages of a key run by offset and never overlap, through
// retries too, while those of other keys run at the same time; with order
// partition the same holds for a partition.
func TestOrder(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		for order, lock := range map[string]func(audit.Record) string{
			"key":       func(r audit.Record) string { return fmt.Sprintf("%s/%d %q", r.Topic, r.Partition, r.Key) },
			"partition": func(r audit.Record) string { return fmt.Sprintf("%s/%d", r.Topic, r.Partition) },
		} {
			t.Run(order, func(t *testing.T) {
				t.Parallel()
				var errors atomic.Int64
				svc := serve(t, func(w http.ResponseWriter, _ *http.Request, got request) {
					if got.attempt == 1 && errors.Add(1)%7 == 0 {
						w.WriteHeader(http.StatusInternalServerError)
					}
				})
				s := rig.New(t, c, rig.Options{Min: 10, Order: order, Handler: `http: "` + svc.URL + `", slots: 8, retry: {backoff: 20ms}`})
				load := s.Load(t)
				for n := range 600 {
					load.Send(rig.Message{Level: 10, Key: fmt.Append(nil, n%23)})
					load.Send(rig.Message{Key: fmt.Append(nil, n%5)})
				}
				load.Flush()
				_, stop := s.Start(t)
				load.AwaitHandled()
				stop()
				clean(t, load)
				inOrder(t, s.Audit(t), lock)
				if most := atOnceMost(s.Audit(t)); most < 2 {
					t.Errorf("at most %d ran at once, want more", most)
				}
			})
		}
	})
}

// inOrder checks that the attempts under one lock don't overlap, and that a
// message begins after the one before it has ended for good.
func inOrder(t *testing.T, records []audit.Record, lock func(audit.Record) string) {
	t.Helper()
	locks := map[string][]audit.Record{}
	for _, r := range records {
		locks[lock(r)] = append(locks[lock(r)], r)
	}
	for name, rs := range locks {
		slices.SortFunc(rs, func(a, b audit.Record) int {
			return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Attempt, b.Attempt))
		})
		for n := range rs[1:] {
			if a, b := rs[n], rs[n+1]; b.StartedAt.Before(a.FinishedAt) {
				t.Errorf("%s: offset %d, attempt %d began %v before the end of offset %d, attempt %d",
					name, b.Offset, b.Attempt, a.FinishedAt.Sub(b.StartedAt), a.Offset, a.Attempt)
				return
			}
		}
	}
}

// atOnceMost is how many attempts ran at the same time at most.
func atOnceMost(records []audit.Record) (most int) {
	type edge struct {
		at   time.Time
		step int
	}
	var edges []edge
	for _, r := range records {
		edges = append(edges, edge{r.StartedAt, +1}, edge{r.FinishedAt, -1})
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.step, b.step)) })
	running := 0
	for _, e := range edges {
		running += e.step
		most = max(most, running)
	}
	return most
}

// With order none messages of one key run at the same time: each of four is
// answered only when all four are there.
func TestNoOrder(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		var together sync.WaitGroup
		together.Add(4)
		svc := serve(t, func(http.ResponseWriter, *http.Request, request) {
			together.Done()
			together.Wait()
		})
		s := rig.New(t, c, rig.Options{Min: 10, Partitions: 1, Order: "none", Handler: `http: "` + svc.URL + `", slots: 4`})
		load := s.Load(t)
		for range 4 {
			load.Send(rig.Message{Key: []byte("same")})
		}
		load.Flush()
		_, stop := s.Start(t)
		load.AwaitHandled()
		stop()
		clean(t, load)
	})
}

// A message that waits for its retry holds up its own key alone.
func TestRetryHoldsItsKeyAlone(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		svc := serve(t, func(w http.ResponseWriter, _ *http.Request, got request) {
			if got.attempt == 1 && got.Get("Boostd-Offset") == "0" {
				w.Header().Set("Retry-After", "5")
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		s := rig.New(t, c, rig.Options{Min: 10, Partitions: 1, Handler: `http: "` + svc.URL + `", slots: 1`})
		load := s.Load(t)
		for n := range 40 {
			load.Send(rig.Message{Key: fmt.Append(nil, n%4)})
		}
		load.Flush()
		_, stop := s.Start(t)
		load.AwaitHandled()
		stop()
		clean(t, load)
		records := s.Audit(t)
		inOrder(t, records, func(r audit.Record) string { return string(r.Key) })
		back := slices.IndexFunc(records, func(r audit.Record) bool { return r.Attempt == 2 })
		if back != 31 { // the first attempt, and all 30 of the other keys
			t.Errorf("%d attempts were before the second one of the first message, want 31", back)
		}
	})
}

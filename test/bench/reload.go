package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kafkaboost/boostd/test/bench/task"
)

// How soon a change of the settings shows. While the document reserves all slots but
// one for the level above, low messages begin one by one; when it no longer does,
// several begin at once: the first that begins sooner than one slot could is the change's
// effect.

var effect = measure{"change", "ms", false, "from the writing of the settings document to the first message that begins by it; in each round the median of some changes"}

const (
	reloadName    = "settings"
	reloadBase    = "s-settings"
	reloadBacklog = 10_000
	reloadSlots   = 8
	reloadWork    = 170 * time.Millisecond
	// reloads are the changes of a round.
	reloads = 5
)

func runReload(ctx context.Context, s *stage, t turn) error {
	job := s.task(reloadBase, 1)
	job.Slots, job.Trace = reloadSlots, true
	job.WorkMin, job.WorkMax = reloadWork.Microseconds(), reloadWork.Microseconds()
	var err error
	if job.Dir, err = os.MkdirTemp(s.dir, t.contestant+"-"); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	c, err := s.start(ctx, t.contestant, job)
	if err != nil {
		return err
	}
	defer c.kill()
	if _, err := c.await(ctx, task.First); err != nil {
		return err
	}
	document := filepath.Join(job.Dir, "settings.json")
	var took []float64
	for range reloads {
		d, err := changeOnce(ctx, c, document)
		if err != nil {
			return err
		}
		took = append(took, millis(d))
	}
	s.into.add(t, effect, median(took))
	_, err = c.stop(ctx)
	return err
}

// changeOnce takes the slots away, and measures until they are seen to be back.
func changeOnce(ctx context.Context, c *contestant, document string) (time.Duration, error) {
	if _, err := reserve(document, reloadSlots-1); err != nil {
		return 0, err
	}
	// One by one, after what was begun before has ended.
	if err := awaitPace(ctx, c, func(gap time.Duration) bool { return gap > reloadWork*9/10 }, 5); err != nil {
		return 0, err
	}
	written, err := reserve(document, 0)
	if err != nil {
		return 0, err
	}
	if err := awaitPace(ctx, c, func(gap time.Duration) bool { return gap < reloadWork/2 }, 1); err != nil {
		return 0, err
	}
	at, ok := firstSooner(starts(c.trace()), written, reloadWork/2)
	if !ok {
		return 0, fmt.Errorf("no message began by the new settings after %v", written)
	}
	return at.Sub(written), nil
}

// reserve changes how many slots a settings document reserves for level 1, and says
// when the document was there.
func reserve(path string, slots int) (written time.Time, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return written, fmt.Errorf("change settings: %w", err)
	}
	var document map[string]any
	if err := json.Unmarshal(text, &document); err != nil {
		return written, fmt.Errorf("change settings %s: %w", path, err)
	}
	policy := map[string]any{}
	if slots > 0 {
		policy["reserve"] = map[string]int{"1": slots}
	}
	document["boostd"] = map[string]any{"policy": policy}
	if text, err = json.Marshal(document); err != nil {
		return written, fmt.Errorf("change settings: %w", err)
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return written, fmt.Errorf("change settings: %w", err)
	}
	written = time.Now()
	if err := os.Rename(path+".new", path); err != nil {
		return written, fmt.Errorf("change settings: %w", err)
	}
	return written, nil
}

// awaitPace waits until the last messages began at such distances, count of them.
func awaitPace(ctx context.Context, c *contestant, fits func(gap time.Duration) bool, count int) error {
	for {
		all := starts(c.trace())
		n := 0
		for n < count && len(all) > n+1 && fits(all[len(all)-n-1].Sub(all[len(all)-n-2])) {
			n++
		}
		if n == count {
			return nil
		}
		if err := sleep(ctx, 5*time.Millisecond); err != nil {
			return c.why(fmt.Errorf("wait for the settings' effect: %w", err))
		}
	}
}

// firstSooner is the first start after a moment that comes within gap of the one before.
func firstSooner(all []time.Time, after time.Time, gap time.Duration) (time.Time, bool) {
	for n := 1; n < len(all); n++ {
		if all[n].After(after) && all[n].Sub(all[n-1]) < gap {
			return all[n], true
		}
	}
	return time.Time{}, false
}

package chaos

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/rig"
)

// In each mood: what the caller is answered (0: nothing), and what the ledger notes.
func TestLedger(t *testing.T) {
	quick := Mood{Most: time.Millisecond}
	mood := func(change func(m *Mood)) Mood { m := quick; change(&m); return m }
	for _, c := range []struct {
		name   string
		mood   Mood
		status int
		want   Outcome
	}{
		{"works", quick, 200, Done},
		{"fails", mood(func(m *Mood) { m.Fail = 1 }), 503, Failed},
		{"hangs up", mood(func(m *Mood) { m.Hangup = 1 }), 0, Cut},
		{"hangs", mood(func(m *Mood) { m.Hang = 1 }), 0, Abandoned},
		{"refuses", mood(func(m *Mood) { m.Dead = 1 }), 422, Dead},
		{"is slow", Mood{Least: time.Hour, Most: time.Hour}, 0, Abandoned},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := NewJournal(Run{})
			l, err := OpenLedger(j, 1)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			l.SetMood(c.mood)
			if status := post(t, l.URL("2.3"), 7); status != c.status {
				t.Errorf("answered %d, want %d", status, c.status)
			}
			rig.Eventually(t, "the attempt is noted", func() bool { return len(j.History().Attempts) == 1 })
			a := j.History().Attempts[0]
			want := Attempt{ID: 7, Daemon: "2.3", Number: 4, Topic: "t", Partition: 5, Offset: 6, Level: 9, Start: a.Start, End: a.End, Result: c.want}
			if a != want || a.End < a.Start {
				t.Errorf("noted %+v, want %+v", a, want)
			}
			if l.IsOver(7) != (c.want == Done || c.want == Dead) || l.Finished() > 1 {
				t.Errorf("over is %v, %d are finished", l.IsOver(7), l.Finished())
			}
		})
	}
}

// post calls the handler as a daemon does, with a patience of its own.
func post(t *testing.T, url string, id int) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(fmt.Sprintf(`{"id":%d}`, id)))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Topic": "t", "Partition": "5", "Offset": "6", "Level": "9", "Attempt": "4"} {
		req.Header.Set("Boostd-"+name, value)
	}
	answer, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

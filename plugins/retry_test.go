package plugins

import (
	"testing"

	"github.com/kafkaboost/boostd"
)

func TestFinalAndAgain(t *testing.T) {
	r := RetryConfig{Final: []string{"no such account", "410"}, Again: []string{"answered 404", "410"}}
	for _, c := range []struct {
		answer boostd.Result
		want   boostd.Outcome
	}{
		{done(), boostd.Done},
		{retry("answered 503 Service Unavailable"), boostd.Retry},
		{retry("answered 503: no such account"), boostd.Dead},
		{dead("answered 404 Not Found"), boostd.Retry},
		{dead("answered 400 Bad Request"), boostd.Dead},
		{dead("answered 410 Gone"), boostd.Dead},
	} {
		if got := r.apply(c.answer); got.Outcome != c.want || got.Reason != c.answer.Reason {
			t.Errorf("%v: %v, want %v", c.answer, got, c.want)
		}
	}
	if errs := (RetryConfig{Attempts: 1, Backoff: shortest, MaxBackoff: shortest, Final: []string{""}}).validate(); len(errs) != 1 {
		t.Errorf("an empty text: %v", errs)
	}
}

package console

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

// settler notes what it is told of the only token that it knows.
type settler struct{ told string }

func (s *settler) Settle(token string, r boostd.Result) error {
	if token != "0123" {
		return fmt.Errorf("nobody waits: %w", ErrNotFound)
	}
	s.told = fmt.Sprintf("%v %q %v", r.Outcome, r.Reason, r.After)
	return nil
}

func (s *settler) Extend(token string, d time.Duration) error {
	s.told = fmt.Sprint(token, " ", d)
	return nil
}

func TestResults(t *testing.T) {
	for body, want := range map[string]struct {
		code int
		told string
	}{
		`{"token":"0123","result":"done"}`:                                     {204, `done "" 0s`},
		`{"token":"0123","result":"retry","error":"no stock","after_ms":2000}`: {204, `retry "no stock" 2s`},
		`{"token":"0123","result":"dead","error":"no"}`:                        {204, `dead "no" 0s`},
		`{"token":"0123","extend_ms":60000}`:                                   {204, `0123 1m0s`},
		`{"token":"0123","extend_ms":9223372036854775807}`:                     {204, `0123 24h0m0s`},
		`{"token":"4567","result":"done"}`:                                     {404, ""},
		`{"token":"0123","result":"held"}`:                                     {400, ""},
		`{"token":"0123"}`:                                                     {400, ""},
		`{"token":"0123","result":"done","extend_ms":1}`:                       {400, ""},
		`{"token":"0123","result":"retry","after_ms":-1}`:                      {400, ""},
		`{"result":"done"}`:                                                    {400, ""},
		`{"token":"0123","result":"done","why":"x"}`:                           {400, ""},
		`[]`: {400, ""},
		"":   {400, ""},
	} {
		s := &settler{}
		w := httptest.NewRecorder()
		newAPI(Options{Results: s}).onPort().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/results", strings.NewReader(body)))
		if w.Code != want.code || s.told != want.told || want.code >= 400 && !strings.HasPrefix(w.Body.String(), `{"error":"`) {
			t.Errorf("%s: %d, %q, told %q", body, w.Code, w.Body, s.told)
		}
	}
	w := httptest.NewRecorder()
	newAPI(Options{}).onSocket().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/results", strings.NewReader(`{"token":"0123","result":"done"}`)))
	if w.Code != http.StatusNotFound {
		t.Errorf("where nobody waits: %d", w.Code)
	}
}

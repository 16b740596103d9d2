package console

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
)

// FuzzPauseRequest: whatever comes, the daemon gets only what is fit for a
// terminal and a log, or the one who asks a reason.
func FuzzPauseRequest(f *testing.F) {
	for _, body := range []string{
		"", "{}", "null", "[]", `{"by":"ann","why":"a move","for":"30m"}`, `{"for":"-1s"}`, `{"for":"9999999h"}`, `{"for":1}`,
		`{"why":"\u001b[31m"}`, `{"why":"é\u202e"}`, `{"by":"a","by":"b"}`, `{"BY":"a"}`, `{} {}`, `{"by":"a"`, "\xff", `{"why":"\ud800"}`,
	} {
		f.Add("7", body)
	}
	f.Add("-1", "{}")
	f.Add("99999999999999999999", "{}")
	f.Add("0x7", "{}")
	f.Fuzz(func(t *testing.T, level, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.SetPathValue("level", level)
		w := httptest.NewRecorder()
		p := &asker{}
		newAPI(Options{Daemon: p}).pause(w, r)
		switch {
		case w.Code == http.StatusOK && p.got == nil:
			t.Fatal("a request that nobody got went well")
		case w.Code != http.StatusOK && (p.got != nil || w.Code != http.StatusBadRequest || !strings.HasPrefix(w.Body.String(), `{"error":"`)):
			t.Fatalf("%d %s, daemon got %+v", w.Code, w.Body, p.got)
		case p.got == nil:
			return
		}
		for _, s := range []string{p.got.By, p.got.Why} {
			if len([]rune(s)) > maxWords || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%q came through", s)
			}
		}
		if p.got.For < 0 || p.got.For > maxFor {
			t.Fatalf("a pause of %v", p.got.For)
		}
	})
}

// asker keeps the pause that it is asked for.
type asker struct {
	Daemon

	got *PauseRequest
}

func (a *asker) PauseLevel(_ context.Context, r PauseRequest) (Pause, error) {
	a.got = &r
	return Pause{}, nil
}

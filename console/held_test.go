package console

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
)

// FuzzHeldOrder: whatever comes, the daemon gets a whole order, fit for a log, or
// the one who asks a reason.
func FuzzHeldOrder(f *testing.F) {
	for _, body := range []string{
		"", "{}", "null", "[]", `{"topic":"orders","partition":3,"offset":1042}`, `{"topic":"orders","partition":3,"offset":1042,"by":"ann"}`,
		`{"topic":"orders","partition":-1,"offset":-1}`, `{"topic":"","partition":0,"offset":0}`, `{"topic":"orders","partition":null,"offset":0}`,
		`{"topic":"orders","partition":99999999999,"offset":0}`, `{"topic":"a\nb","partition":0,"offset":0}`, `{"topic":"orders","partition":0,"offset":1e3}`, `{} {}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		w := httptest.NewRecorder()
		d := &holder{}
		newAPI(Options{Held: d}).skipHeld(w, r)
		switch {
		case w.Code == http.StatusOK && d.got == nil:
			t.Fatal("a request that nobody got went well")
		case w.Code != http.StatusOK && (d.got != nil || w.Code != http.StatusBadRequest || !strings.HasPrefix(w.Body.String(), `{"error":"`)):
			t.Fatalf("%d %s, daemon got %+v", w.Code, w.Body, d.got)
		case d.got == nil:
			return
		}
		for _, s := range []string{d.got.By, d.got.Topic} {
			if len([]rune(s)) > maxWords || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Fatalf("%q came through", s)
			}
		}
	})
}

// holder keeps the order that it gets.
type holder struct {
	HeldMessages

	got *HeldOrder
}

func (h *holder) SkipHeld(_ context.Context, o HeldOrder) error {
	h.got = &o
	return nil
}

package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// workshop is a daemon with one plugin, which is replaced when it is told so.
type workshop struct {
	fake

	replaced chan error
	got      chan ReplaceOrder
}

func (w *workshop) Handlers(context.Context) (HandlerList, error) {
	return HandlerList{Handlers: []Handler{{Name: "mail", Kind: "plugin", Plugin: &Plugin{State: "failing", Error: "<script>alert(1)</script>"}}}, PluginDir: "/p", Unused: []string{"old"}}, nil
}

func (w *workshop) ReplacePlugin(ctx context.Context, o ReplaceOrder) (Plugin, error) {
	w.got <- o
	select {
	case err := <-w.replaced:
		return Plugin{State: "running", PID: new(7)}, err
	case <-ctx.Done():
		return Plugin{}, context.Cause(ctx)
	}
}

func serveWorkshop(t *testing.T) (w *workshop, socket string) {
	t.Helper()
	w = &workshop{replaced: make(chan error, 1), got: make(chan ReplaceOrder, 1)}
	socket = filepath.Join(t.TempDir(), "b.sock")
	s, err := Start(Options{Socket: socket, Daemon: w, Handlers: w, Logger: hclog.NewNullLogger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return w, socket
}

func TestReplacePlugin(t *testing.T) {
	w, socket := serveWorkshop(t)
	for name, c := range map[string]struct {
		err  error
		want string
		is   error
	}{
		"mail":       {nil, "", nil},
		"a.b-c_d":    {errors.New("start plugin: it ended: exit status 1"), "start plugin: it ended: exit status 1", nil},
		"../x/../y?": {fmt.Errorf(`there is no handler "x": %w`, ErrNotFound), "there is no handler", ErrNotFound},
	} {
		w.replaced <- c.err
		p, err := Dial(socket).ReplacePlugin(t.Context(), ReplaceOrder{Handler: name, By: "ann"})
		got := <-w.got
		if got.Handler != name || !strings.Contains(got.By, "ann") {
			t.Errorf("%s: the daemon is told %+v", name, got)
		}
		switch {
		case c.err == nil && (err != nil || p.PID == nil || *p.PID != 7):
			t.Errorf("%s: %+v, %v", name, p, err)
		case c.err != nil && (err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is)):
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if _, err := Dial(socket).ReplacePlugin(t.Context(), ReplaceOrder{Handler: "mail", By: "a\nb"}); err == nil || !strings.Contains(err.Error(), "want one line") {
		t.Errorf("two lines: %v", err)
	}
}

// A start may take longer than the server waits for other answers to be written.
func TestReplacePluginThatTakesLong(t *testing.T) {
	w := &workshop{replaced: make(chan error, 1), got: make(chan ReplaceOrder, 1)}
	s := httptest.NewUnstartedServer(newAPI(Options{Daemon: w, Handlers: w, Logger: hclog.NewNullLogger()}).onSocket())
	s.Config.WriteTimeout = 20 * time.Millisecond
	s.Start()
	defer s.Close()
	time.AfterFunc(10*s.Config.WriteTimeout, func() { w.replaced <- nil })
	r, err := http.Post(s.URL+handlersPath+"/mail/replace", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Errorf("answer %d", r.StatusCode)
	}
}

func TestListOfHandlers(t *testing.T) {
	_, socket := serveWorkshop(t)
	list, err := Dial(socket).Handlers(t.Context())
	if err != nil || len(list.Handlers) != 1 || list.Handlers[0].Plugin.State != "failing" || list.PluginDir != "/p" || len(list.Unused) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	// What a plugin says is no markup in what a browser is sent.
	var text string
	if err := Dial(socket).ask(t.Context(), patience, http.MethodGet, handlersPath, nil, (*raw)(&text)); err != nil || strings.ContainsAny(text, "<>") || !strings.Contains(text, `\u003cscript`) {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := serveWithout(t).Handlers(t.Context()); !errors.Is(err, ErrNotFound) {
		t.Errorf("without handlers: %v", err)
	}
}

// raw is an answer as it was written.
type raw string

func (r *raw) UnmarshalJSON(text []byte) error { *r = raw(text); return nil }

func serveWithout(t *testing.T) *Client {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "b.sock")
	s, err := Start(Options{Socket: socket, Daemon: fake{}, Logger: hclog.NewNullLogger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return Dial(socket)
}

package console

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Handlers are what messages are given to. Its methods are safe from any goroutine
// and return when ctx ends.
type Handlers interface {
	// Handlers lists all of them, and the plugins that none of them uses.
	Handlers(ctx context.Context) (HandlerList, error)
	// ReplacePlugin starts another process of a handler's plugin, from its file as it
	// is now, and returns when that serves the handler's slots. On an error the old one
	// goes on; it wraps ErrNotFound for a handler that there isn't.
	ReplacePlugin(ctx context.Context, o ReplaceOrder) (Plugin, error)
}

// ReplaceOrder says which handler's plugin is to be replaced, and who wants it.
type ReplaceOrder struct {
	Handler, By string
}

// HandlerList is an answer.
type HandlerList struct {
	Handlers []Handler `json:"handlers"` // none while the daemon starts
	// PluginDir is the folder of plugins, Unused are its files that no handler uses, at
	// most 100; Error is why the folder can't be read.
	PluginDir string   `json:"plugin_dir"`
	Unused    []string `json:"unused"`
	Error     string   `json:"error,omitempty"`
}

// replacePatience is for a start of a plugin, behind one that is going on: each may
// take 40 seconds.
const replacePatience = 90 * time.Second

const handlersPath = "/v1/handlers"

func (a *api) handlers(w http.ResponseWriter, r *http.Request) {
	if a.o.Handlers == nil {
		fail(w, http.StatusNotFound, "handlers aren't known here")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	answer(w)(a.o.Handlers.Handlers(ctx))
}

func (a *api) replacePlugin(w http.ResponseWriter, r *http.Request) {
	if a.o.Handlers == nil {
		fail(w, http.StatusNotFound, "handlers aren't known here")
		return
	}
	var body struct {
		By string `json:"by"`
	}
	if !readJSON(w, r, &body) {
		return
	}
	if err := checkWords("by", body.By); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	// The server's own patience is shorter. Where it has none nobody is cut short.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(replacePatience + readPatience))
	ctx, cancel := context.WithTimeout(r.Context(), replacePatience)
	defer cancel()
	answer(w)(a.o.Handlers.ReplacePlugin(ctx, ReplaceOrder{Handler: r.PathValue("handler"), By: caller(ctx, body.By)}))
}

// Handlers asks for the handlers.
func (c *Client) Handlers(ctx context.Context) (HandlerList, error) {
	var list HandlerList
	err := c.ask(ctx, patience, http.MethodGet, handlersPath, nil, &list)
	return list, err
}

// ReplacePlugin has a handler's plugin replaced. Its error is as that of Handlers.
func (c *Client) ReplacePlugin(ctx context.Context, o ReplaceOrder) (Plugin, error) {
	var p Plugin
	path := handlersPath + "/" + url.PathEscape(o.Handler) + "/replace"
	err := c.ask(ctx, replacePatience, http.MethodPost, path, map[string]string{"by": o.By}, &p)
	return p, err
}

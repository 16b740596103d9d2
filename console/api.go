package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

// api answers the requests. What is asked, is asked of the daemon.
type api struct {
	o         Options
	metrics   http.Handler // one for socket and port: it bounds the scrapes of both
	cache     statusCache
	producing chan struct{} // holds the requests that produce
}

func newAPI(o Options) *api {
	return &api{o: o, metrics: NewMetrics(o.Daemon), producing: make(chan struct{}, maxProducing)}
}

// onPort is what anybody may look at who comes past the guard, results of those who
// have a message's token, and producing where that is wanted.
func (a *api) onPort() http.Handler {
	mux := http.NewServeMux()
	a.look(mux)
	mux.HandleFunc("POST "+resultsPath, a.result)
	if a.o.ProduceOnPort {
		mux.HandleFunc("POST "+producePath+"{topic}", a.produce)
	} else {
		mux.HandleFunc("POST "+producePath+"{topic}", produceOff)
	}
	return mux
}

// onSocket is everything.
func (a *api) onSocket() http.Handler {
	mux := http.NewServeMux()
	a.look(mux)
	mux.HandleFunc("POST /v1/levels/{level}/pause", a.pause)
	mux.HandleFunc("POST /v1/levels/{level}/resume", a.resume)
	mux.HandleFunc("POST "+heldPath+"/retry", a.retryHeld)
	mux.HandleFunc("POST "+heldPath+"/skip", a.skipHeld)
	mux.HandleFunc("GET "+handlersPath, a.handlers)
	mux.HandleFunc("POST "+handlersPath+"/{handler}/replace", a.replacePlugin)
	mux.HandleFunc("POST "+resultsPath, a.result)
	mux.HandleFunc("POST /v1/settings/reload", a.reload)
	mux.HandleFunc("GET /v1/loglevels", a.logLevels)
	mux.HandleFunc("POST /v1/loglevels", a.setLogLevel)
	mux.HandleFunc("POST "+producePath+"{topic}", a.produce)
	return mux
}

// look adds what changes nothing.
func (a *api) look(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/status", a.status)
	mux.HandleFunc("GET "+heldPath, a.held)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, a.o.Daemon.Live()) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { say(w, a.o.Daemon.Ready()) })
	mux.Handle("GET /metrics", a.metrics)
}

// say answers a question of health.
func say(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, err)
		return
	}
	fmt.Fprintln(w, "ok")
}

// statusCache keeps the JSON of the last status: however many ask, each is
// encoded once.
type statusCache struct {
	mu   sync.Mutex
	of   *Status
	text []byte
}

func (c *statusCache) encode(s *Status) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == s {
		return c.text, nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode status: %w", err)
	}
	text = append(text, '\n')
	c.of, c.text = s, text
	return c.text, nil
}

func (a *api) status(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	s, err := a.o.Daemon.Status(ctx)
	if err != nil {
		unable(w, err)
		return
	}
	text, err := a.cache.encode(s)
	if err != nil {
		failWith(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text) // who has gone doesn't miss it
}

// pauseBody is what a pause is asked for with.
type pauseBody struct {
	By  string `json:"by"`
	Why string `json:"why"`
	For string `json:"for"` // such as 30m; empty for no end
}

// Bounds of a pause.
const (
	maxWords = 500 // characters of By and Why
	maxFor   = 366 * 24 * time.Hour
)

func (b pauseBody) request(level int) (PauseRequest, error) {
	p := PauseRequest{Level: level, By: b.By, Why: b.Why}
	if b.For != "" {
		d, err := time.ParseDuration(b.For)
		if err != nil || d <= 0 || d > maxFor {
			return p, fmt.Errorf("for %.40q: want more than 0 and at most a year, such as 30m or 2h", b.For)
		}
		p.For = d
	}
	if err := checkWords("by", b.By); err != nil {
		return p, err
	}
	return p, checkWords("why", b.Why)
}

// checkWords keeps what people write fit for a terminal and a log.
func checkWords(name, s string) error {
	if len([]rune(s)) > maxWords {
		return fmt.Errorf("%s: has more than %d characters", name, maxWords)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("%s: want one line without control characters", name)
	}
	return nil
}

func (a *api) pause(w http.ResponseWriter, r *http.Request) {
	var body pauseBody
	level, ok := readOrder(w, r, &body)
	if !ok {
		return
	}
	request, err := body.request(level)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	request.By = caller(ctx, request.By)
	answer(w)(a.o.Daemon.PauseLevel(ctx, request))
}

func (a *api) resume(w http.ResponseWriter, r *http.Request) {
	var body struct {
		By string `json:"by"`
	}
	level, ok := readOrder(w, r, &body)
	if !ok {
		return
	}
	if err := checkWords("by", body.By); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	answer(w)(struct{}{}, a.o.Daemon.ResumeLevel(ctx, level, caller(ctx, body.By)))
}

func (a *api) reload(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), reloadPatience)
	defer cancel()
	a.o.Logger.Info("settings are read anew on request", "by", caller(ctx, ""))
	answer(w)(a.o.Daemon.Reload(ctx))
}

func (a *api) logLevels(w http.ResponseWriter, _ *http.Request) {
	if a.o.LogLevels == nil {
		fail(w, http.StatusNotFound, "log levels can't be changed here")
		return
	}
	answer(w)(a.o.LogLevels.Levels(), nil)
}

func (a *api) setLogLevel(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Room  string `json:"room"`
		Level string `json:"level"`
	}
	if a.o.LogLevels == nil {
		fail(w, http.StatusNotFound, "log levels can't be changed here")
		return
	}
	if !readJSON(w, r, &body) {
		return
	}
	if err := a.o.LogLevels.SetLevel(body.Room, body.Level); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	a.o.Logger.Info("log level is changed", "room", body.Room, "level", body.Level, "by", caller(r.Context(), ""))
	answer(w)(a.o.LogLevels.Levels(), nil)
}

// readOrder reads an order about the level that the path names.
func readOrder(w http.ResponseWriter, r *http.Request, body any) (level int, ok bool) {
	level, err := strconv.Atoi(r.PathValue("level"))
	if err != nil {
		fail(w, http.StatusBadRequest, fmt.Sprintf("level %.40q: want a whole number", r.PathValue("level")))
		return 0, false
	}
	return level, readJSON(w, r, body)
}

// readJSON reads a body strictly; an empty one asks for nothing special.
func readJSON(w http.ResponseWriter, r *http.Request, body any) bool {
	err := decode(r.Body, body)
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return true
	case errors.As(err, &large):
		fail(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the request is larger than %d bytes", large.Limit))
	default:
		fail(w, http.StatusBadRequest, "read request: "+err.Error())
	}
	return false
}

func decode(r io.Reader, body any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(body); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return err
	}
	switch _, err := d.Token(); {
	case errors.Is(err, io.EOF):
		return nil
	case errors.As(err, new(*http.MaxBytesError)):
		return err
	}
	return errors.New("something stands behind the document")
}

// answer writes what the daemon says.
func answer(w http.ResponseWriter) func(v any, err error) {
	return func(v any, err error) {
		if err != nil {
			failWith(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // who has gone doesn't miss it
	}
}

// failWith finds the code that an error of the daemon deserves.
func failWith(w http.ResponseWriter, err error) {
	code := http.StatusConflict // it was understood, and can't be done
	switch {
	case errors.Is(err, ErrNotFound):
		code = http.StatusNotFound
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		unable(w, err)
		return
	}
	fail(w, code, err.Error())
}

// unable says that the daemon couldn't answer.
func unable(w http.ResponseWriter, err error) {
	fail(w, http.StatusServiceUnavailable, "boostd can't answer, it is busy or hangs; its log and /healthz may say where: "+err.Error())
}

// failure is the body of every answer that isn't what was asked for.
type failure struct {
	Error string `json:"error"`
}

func fail(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(failure{text}) // who has gone doesn't miss it
}

package console

import (
	"errors"
	"net/http"
	"time"

	"github.com/kafkaboost/boostd"
)

// Results are attempts whose results come later, by token. Safe from any goroutine.
type Results interface {
	// Settle ends the attempt; Extend has it wait for so long from now on. The error
	// wraps ErrNotFound where nobody waits for that token's result.
	Settle(token string, r boostd.Result) error
	Extend(token string, d time.Duration) error
}

const resultsPath = "/v1/results"

// resultBody is what became of a message that a service has taken for a time, or, with
// extend_ms, that it takes longer.
type resultBody struct {
	Token    string `json:"token"`
	Result   string `json:"result"`
	Error    string `json:"error"`
	AfterMS  int64  `json:"after_ms"`
	ExtendMS int64  `json:"extend_ms"`
}

var outcomes = map[string]boostd.Outcome{"done": boostd.Done, "retry": boostd.Retry, "dead": boostd.Dead}

func (b resultBody) check() error {
	_, known := outcomes[b.Result]
	switch {
	case b.Token == "":
		return errors.New("want token: the value of the request's header Boostd-Token")
	case b.AfterMS < 0 || b.ExtendMS < 0:
		return errors.New("want after_ms and extend_ms of 0 or more")
	case b.ExtendMS > 0 && b.Result != "":
		return errors.New("want result, or extend_ms: not both")
	case b.ExtendMS == 0 && !known:
		return errors.New("want result: done, retry or dead; or extend_ms")
	}
	return nil
}

// result takes a message's result. Whoever has the token was given the message: it
// can't be guessed, and names one attempt.
func (a *api) result(w http.ResponseWriter, r *http.Request) {
	if a.o.Results == nil {
		fail(w, http.StatusNotFound, "no results are waited for here")
		return
	}
	var b resultBody
	if !readJSON(w, r, &b) {
		return
	}
	if err := b.check(); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	var err error
	if b.ExtendMS > 0 {
		err = a.o.Results.Extend(b.Token, milliseconds(b.ExtendMS))
	} else {
		err = a.o.Results.Settle(b.Token, boostd.Result{Outcome: outcomes[b.Result], Reason: b.Error, After: milliseconds(b.AfterMS)})
	}
	if err != nil {
		failWith(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// milliseconds is a time of at most a day.
func milliseconds(n int64) time.Duration {
	return time.Duration(min(n, (24*time.Hour).Milliseconds())) * time.Millisecond
}

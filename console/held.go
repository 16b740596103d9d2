package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/kafkaboost/boostd"
)

// HeldMessages are what waits for a person. Its methods are safe from any
// goroutine and return when ctx ends.
type HeldMessages interface {
	// Held lists all that this instance has, by topic, partition and offset.
	Held(ctx context.Context) ([]Held, error)
	// RetryHeld handles a held message anew, SkipHeld takes it for done. The error
	// wraps ErrNotFound when no such message is held here.
	RetryHeld(ctx context.Context, o HeldOrder) error
	SkipHeld(ctx context.Context, o HeldOrder) error
}

// HeldOrder says what to do something with, and who wants it.
type HeldOrder struct {
	boostd.Coordinates
	By string
}

// Held is a message that was given up and waits for a person.
type Held struct {
	Topic     string    `json:"topic"`
	Partition int32     `json:"partition"`
	Offset    int64     `json:"offset"`
	Level     int       `json:"level"`
	Handler   string    `json:"handler"`
	Attempts  int       `json:"attempts"`
	Reason    string    `json:"reason"`
	At        time.Time `json:"at"`
}

// Coordinates are what the commands name it by.
func (h *Held) Coordinates() boostd.Coordinates {
	return boostd.Coordinates{TopicPartition: boostd.TopicPartition{Topic: h.Topic, Partition: h.Partition}, Offset: h.Offset}
}

// HeldList is an answer: the first of what is held, and how much that is in all.
type HeldList struct {
	Held  []Held `json:"held"`
	Count int    `json:"count"`
}

const (
	// maxHeld bounds how many held messages one answer lists.
	maxHeld = 10000
	// heldPatience is for reading a message from the brokers.
	heldPatience = 15 * time.Second
)

// heldBody names one message; a field that is missing names none.
type heldBody struct {
	Topic     string `json:"topic"`
	Partition *int32 `json:"partition"`
	Offset    *int64 `json:"offset"`
	By        string `json:"by"`
}

func (b heldBody) check() error {
	if b.Topic == "" || b.Partition == nil || b.Offset == nil || *b.Partition < 0 || *b.Offset < 0 {
		return errors.New("want topic, partition and offset of the message")
	}
	return errors.Join(checkWords("topic", b.Topic), checkWords("by", b.By))
}

func (a *api) held(w http.ResponseWriter, r *http.Request) {
	if a.o.Held == nil {
		fail(w, http.StatusNotFound, "held messages aren't known here")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	all, err := a.o.Held.Held(ctx)
	list := HeldList{Held: all[:min(len(all), maxHeld)], Count: len(all)}
	if list.Held == nil {
		list.Held = []Held{}
	}
	answer(w)(list, err)
}

func (a *api) retryHeld(w http.ResponseWriter, r *http.Request) {
	a.resolveHeld(w, r, HeldMessages.RetryHeld)
}

func (a *api) skipHeld(w http.ResponseWriter, r *http.Request) {
	a.resolveHeld(w, r, HeldMessages.SkipHeld)
}

func (a *api) resolveHeld(w http.ResponseWriter, r *http.Request, resolve func(HeldMessages, context.Context, HeldOrder) error) {
	if a.o.Held == nil {
		fail(w, http.StatusNotFound, "held messages aren't known here")
		return
	}
	var body heldBody
	if !readJSON(w, r, &body) {
		return
	}
	if err := body.check(); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), heldPatience)
	defer cancel()
	o := HeldOrder{By: caller(ctx, body.By)}
	o.Topic, o.Partition, o.Offset = body.Topic, *body.Partition, *body.Offset
	answer(w)(struct{}{}, resolve(a.o.Held, ctx, o))
}

// Held asks for the held messages.
func (c *Client) Held(ctx context.Context) (HeldList, error) {
	var list HeldList
	err := c.ask(ctx, patience, http.MethodGet, heldPath, nil, &list)
	return list, err
}

// RetryHeld has a held message handled anew. The error wraps ErrNotFound when it
// isn't held there.
func (c *Client) RetryHeld(ctx context.Context, o HeldOrder) error {
	return c.resolveHeld(ctx, "/retry", o)
}

// SkipHeld has a held message taken for done. Its error is as RetryHeld's.
func (c *Client) SkipHeld(ctx context.Context, o HeldOrder) error {
	return c.resolveHeld(ctx, "/skip", o)
}

const heldPath = "/v1/held"

func (c *Client) resolveHeld(ctx context.Context, what string, o HeldOrder) error {
	body := heldBody{Topic: o.Topic, Partition: &o.Partition, Offset: &o.Offset, By: o.By}
	return c.ask(ctx, heldPatience, http.MethodPost, heldPath+what, body, nil)
}

package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/kafkaboost/boostd/priority"
	"github.com/kafkaboost/boostd/record"
)

// Producer sends messages for those who ask the console to. Safe from any
// goroutine.
type Producer interface {
	// Produce sends the messages and waits for their acknowledgements, at most
	// until ctx ends. It doesn't wait for room: what finds none has the cause
	// QueueFull. The outcomes are in the messages' order.
	Produce(ctx context.Context, messages []record.Record) []Produced
}

// Produced is what became of a message. Partition, Offset and Level count when
// Err is nil.
type Produced struct {
	Topic     string
	Partition int32
	Offset    int64
	Level     int
	Err       error
	Cause     Cause // of Err
}

// Cause is what kind of error a message has met.
type Cause int

// The causes, with the code that a request of one message gets.
const (
	Other      Cause = iota // 502: the brokers refuse it
	NoTopic                 // 404
	TooLarge                // 413
	QueueFull               // 429
	Denied                  // 403: boostd may not write there
	Refused                 // 422: producer.strict refuses its priority
	Unanswered              // 503: no acknowledgement in time, it may be written or not
)

var causeCodes = [...]int{
	Other: http.StatusBadGateway, NoTopic: http.StatusNotFound, TooLarge: http.StatusRequestEntityTooLarge,
	QueueFull: http.StatusTooManyRequests, Denied: http.StatusForbidden, Refused: http.StatusUnprocessableEntity,
	Unanswered: http.StatusServiceUnavailable,
}

// Bounds of producing.
const (
	maxProduceBody     = 4 << 20
	maxProduceMessages = 10_000 // of one request
	maxProducing       = 16     // requests at once
	producePatience    = 10 * time.Second
)

const producePath = "/v1/produce/"

// produce answers after the brokers' acknowledgement. Nothing is sent of a
// request in which one line can't be read.
func (a *api) produce(w http.ResponseWriter, r *http.Request) {
	if a.o.Producer == nil {
		fail(w, http.StatusNotFound, "this console doesn't produce")
		return
	}
	select {
	case a.producing <- struct{}{}:
		defer func() { <-a.producing }()
	default:
		busy(w)
		fail(w, http.StatusTooManyRequests, fmt.Sprintf("%d requests are producing already", maxProducing))
		return
	}
	messages, code, err := readMessages(r)
	if err != nil {
		fail(w, code, err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), producePatience)
	defer cancel()
	answerProduced(w, a.o.Producer.Produce(ctx, messages))
}

// produceOff tells where it is on.
func produceOff(w http.ResponseWriter, _ *http.Request) {
	fail(w, http.StatusForbidden, "this port doesn't produce: set console.produce, or use the control socket")
}

func busy(w http.ResponseWriter) { w.Header().Set("Retry-After", "1") }

// readMessages reads what to send. The code belongs to the error.
func readMessages(r *http.Request) (messages []record.Record, code int, err error) {
	topic := r.PathValue("topic")
	if err := priority.CheckTopic(topic); err != nil {
		return nil, http.StatusBadRequest, err
	}
	// Pages in browsers can't send these types to others without asking first,
	// which nobody answers.
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && kind != "application/x-ndjson" {
		return nil, http.StatusUnsupportedMediaType, errors.New("want Content-Type application/json for one message, or application/x-ndjson for one a line")
	}
	body, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("the request is larger than %d bytes: send fewer messages at once", large.Limit)
	case err != nil:
		return nil, http.StatusBadRequest, fmt.Errorf("read request: %w", err)
	case kind == "application/json":
		m, err := parseMessage(body, topic)
		return []record.Record{m}, http.StatusBadRequest, err
	}
	number := 0
	for text := range bytes.Lines(body) {
		number++
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		if len(messages) == maxProduceMessages {
			return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("the request has more than %d messages", maxProduceMessages)
		}
		m, err := parseMessage(text, topic)
		if err != nil {
			return nil, http.StatusBadRequest, fmt.Errorf("line %d: %w: no message was sent", number, err)
		}
		messages = append(messages, m)
	}
	if len(messages) == 0 {
		return nil, http.StatusBadRequest, errors.New("there is no message in the request")
	}
	return messages, http.StatusOK, nil
}

func parseMessage(text []byte, topic string) (record.Record, error) {
	m, err := record.Parse(text)
	if err == nil && m.Topic != "" && m.Topic != topic {
		err = fmt.Errorf("topic: is %.40q, and the path says %s", m.Topic, topic)
	}
	m.Topic = topic
	return m, err
}

// producedResult is one message's in the answer.
type producedResult struct {
	Topic     string `json:"topic"`
	Partition *int32 `json:"partition"`
	Offset    *int64 `json:"offset"`
	Priority  *int   `json:"priority"`
	Error     string `json:"error,omitempty"`
}

// answerProduced writes the outcomes. The code is 200 when all are written, 207
// when some are, and that of the first failure when none is.
func answerProduced(w http.ResponseWriter, outcomes []Produced) {
	body := struct {
		Error   string           `json:"error,omitempty"`
		Results []producedResult `json:"results"`
	}{}
	failed, full, first := 0, false, http.StatusOK
	for _, o := range outcomes {
		r := producedResult{Topic: o.Topic}
		if o.Err == nil {
			r.Partition, r.Offset, r.Priority = &o.Partition, &o.Offset, &o.Level
		} else {
			if failed++; failed == 1 {
				body.Error, first = o.Err.Error(), causeCodes[o.Cause]
			}
			r.Error, full = o.Err.Error(), full || o.Cause == QueueFull
		}
		body.Results = append(body.Results, r)
	}
	code := first
	if failed > 0 && failed < len(outcomes) {
		code = http.StatusMultiStatus
		body.Error = fmt.Sprintf("%d of %d messages were not written: results say which", failed, len(outcomes))
	}
	if full {
		busy(w)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // who has gone doesn't miss it
}

// bounded bounds requests' bodies.
func bounded(next http.Handler) http.Handler {
	small, large := http.MaxBytesHandler(next, maxBody), http.MaxBytesHandler(next, maxProduceBody)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, producePath) {
			large.ServeHTTP(w, r)
			return
		}
		small.ServeHTTP(w, r)
	})
}

package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kafkaboost/boostd"
)

// Log is what a file holds.
type Log struct {
	Records []Record
	// Resolutions are what persons did with held messages.
	Resolutions []Resolution
	// Missing is how many attempts the gap records stand for: they were
	// finished and could not be written.
	Missing int
	// Torn is how many lines are no whole record, as a crash or a full disk in
	// the middle of a line leaves them.
	Torn int
}

// maxLine bounds one line of a file that is read. A key is as long as the broker
// lets a message be, and a byte of it takes up to six here.
const maxLine = 64 << 20

// line is a record or a gap as it stands in the file.
type line struct {
	Topic        string       `json:"topic"`
	Partition    int32        `json:"partition"`
	Offset       int64        `json:"offset"`
	Key          *string      `json:"key"`
	KeyB64       []byte       `json:"key_b64"`
	Level        boostd.Level `json:"level"`
	Handler      string       `json:"handler"`
	ProducedAt   int64        `json:"produced_at"`
	FetchedAt    int64        `json:"fetched_at"`
	ReadyAt      int64        `json:"ready_at"`
	DispatchedAt int64        `json:"dispatched_at"`
	StartedAt    int64        `json:"started_at"`
	FinishedAt   int64        `json:"finished_at"`
	Attempt      int          `json:"attempt"`
	Result       string       `json:"result"`
	Worker       int          `json:"worker"`
	Gap          int          `json:"gap"`
	Resolved     string       `json:"resolved"`
	By           string       `json:"by"`
	At           int64        `json:"at"`
}

// ReadFile reads an audit file.
func ReadFile(path string) (Log, error) {
	f, err := os.Open(path)
	if err != nil {
		return Log{}, fmt.Errorf("read audit: %w", err)
	}
	defer f.Close()
	log, err := Read(f)
	if err != nil {
		return log, fmt.Errorf("read audit %s: %w", path, err)
	}
	return log, nil
}

// Read reads lines to the end. Lines that are no whole record are counted.
func Read(r io.Reader) (Log, error) {
	var log Log
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	for lines.Scan() {
		text := bytes.TrimSpace(lines.Bytes())
		if len(text) == 0 {
			continue
		}
		log.add(text)
	}
	if err := lines.Err(); err != nil {
		return log, err
	}
	return log, nil
}

func (l *Log) add(text []byte) {
	var in line
	err := json.Unmarshal(text, &in)
	if err == nil && in.Gap > 0 {
		l.Missing += in.Gap
		return
	}
	if err == nil && in.Resolved != "" && in.Topic != "" {
		l.Resolutions = append(l.Resolutions, Resolution{in.Resolved, in.Topic, in.Partition, in.Offset, in.Level, in.Handler, in.By, in.At})
		return
	}
	outcome, known := outcomes[in.Result]
	if err == nil && (!known || in.Topic == "") {
		err = errors.New("not a record")
	}
	if err != nil {
		l.Torn++
		return
	}
	l.Records = append(l.Records, in.record(outcome))
}

var outcomes = func() map[string]boostd.Outcome {
	m := map[string]boostd.Outcome{}
	for _, o := range []boostd.Outcome{boostd.Done, boostd.Retry, boostd.Dead, boostd.Held, boostd.Released} {
		m[o.String()] = o
	}
	return m
}()

func (in *line) record(outcome boostd.Outcome) Record {
	r := Record{
		Topic: in.Topic, Partition: in.Partition, Offset: in.Offset, Key: in.KeyB64,
		Level: in.Level, Handler: in.Handler, Attempt: in.Attempt, Result: outcome, Worker: in.Worker,
		ProducedAt: at(in.ProducedAt), FetchedAt: at(in.FetchedAt), ReadyAt: at(in.ReadyAt),
		DispatchedAt: at(in.DispatchedAt), StartedAt: at(in.StartedAt), FinishedAt: at(in.FinishedAt),
	}
	if in.Key != nil {
		r.Key = []byte(*in.Key)
	}
	return r
}

func at(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns)
}

package daemon

import (
	"sync"

	"github.com/kafkaboost/boostd/actors"
	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/scheduler"
)

// recorder writes a handler's attempts to its audit file.
type recorder struct {
	writer   *audit.Writer
	required bool
	buffers  sync.Pool // of *[]audit.Record
}

var _ actors.Recorder = (*recorder)(nil)

// Record implements actors.Recorder. Only where the audit is required does the slot
// wait for the write, whose failure ends the daemon; otherwise the writer says it and
// leaves a gap record.
func (r *recorder) Record(handler string, worker int, items []*scheduler.Item) error {
	buffer, _ := r.buffers.Get().(*[]audit.Record)
	if buffer == nil {
		buffer = new([]audit.Record)
	}
	records := (*buffer)[:0]
	for _, i := range items {
		if i.StartedAt.IsZero() {
			continue // handed back
		}
		m := i.Message
		records = append(records, audit.Record{
			Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Key: m.Key, Level: m.Level,
			Handler: handler, Worker: worker, Attempt: m.Attempt, Result: i.Verdict(),
			ProducedAt: m.ProducedAt, FetchedAt: m.FetchedAt, ReadyAt: i.ReadyAt,
			DispatchedAt: i.DispatchedAt, StartedAt: i.StartedAt, FinishedAt: i.FinishedAt,
		})
	}
	var err error
	if r.required {
		err = r.writer.Write(records)
	} else {
		r.writer.Add(records)
	}
	clear(records)
	*buffer = records
	r.buffers.Put(buffer)
	return err
}

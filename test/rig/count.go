package rig

import (
	"bytes"
	"io"
	"os"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
)

// Place is one message's coordinates.
type Place struct {
	boostd.TopicPartition
	Offset int64
}

// PlaceOf is where a record's message came from.
func PlaceOf(r audit.Record) Place {
	return Place{boostd.TopicPartition{Topic: r.Topic, Partition: r.Partition}, r.Offset}
}

// CountDone is how many different messages are done.
func CountDone(records []audit.Record) int { return len(donePlaces(records)) }

func donePlaces(records []audit.Record) map[Place]bool {
	done := make(map[Place]bool, len(records))
	for _, r := range records {
		if r.Result == boostd.Done {
			done[PlaceOf(r)] = true
		}
	}
	return done
}

// DoneLines counts the attempts in a growing audit file that ended as done. It
// reads only what is new, so that it may be asked often.
type DoneLines struct {
	Path  string
	read  int64
	count int
}

// Count looks at what is new and returns the sum.
func (d *DoneLines) Count() int {
	f, err := os.Open(d.Path)
	if err != nil {
		return d.count // not there yet
	}
	defer f.Close()
	data, err := io.ReadAll(io.NewSectionReader(f, d.read, 1<<40))
	end := bytes.LastIndexByte(data, '\n') + 1 // the rest of a line comes next time
	if err != nil || end == 0 {
		return d.count
	}
	d.read += int64(end)
	d.count += bytes.Count(data[:end], []byte(`"result":"done"`))
	return d.count
}

package verdict

import (
	"testing"

	"github.com/kafkaboost/boostd"
)

// A batch that was sent again is acknowledged without offsets.
func TestLedgerFindsOffsetsThatWereNotSaid(t *testing.T) {
	a, b := boostd.TopicPartition{Topic: "t"}, boostd.TopicPartition{Topic: "t", Partition: 1}
	var l Ledger
	for _, e := range []Entry{
		{TopicPartition: a, Offset: -1}, {TopicPartition: b, Offset: 7}, {TopicPartition: a, Offset: 1},
		{TopicPartition: b, Offset: -1}, {TopicPartition: b, Offset: -1}, {TopicPartition: a, Offset: -1},
	} {
		l.Add(e)
	}
	for n, want := range []int64{0, 7, 1, 8, 9, 2} {
		if got := l.Entries()[n].Offset; got != want {
			t.Errorf("entry %d has offset %d, want %d", n, got, want)
		}
	}
	l.Reset()
	l.Add(Entry{TopicPartition: b, Offset: -1})
	if got := l.Entries()[0].Offset; got != 10 {
		t.Errorf("after Reset: offset %d, want 10", got)
	}
}

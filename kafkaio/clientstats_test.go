package kafkaio

import (
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
)

func TestParseStats(t *testing.T) {
	const text = `{"rxmsg_bytes":51390,"brokers":{
		"a:1/0":{"nodeid":0,"state":"UP","rtt":{"avg":200,"cnt":3}},
		"b:1/1":{"nodeid":1,"state":"CONNECT","rtt":{"avg":600,"cnt":1}},
		"a:1/bootstrap":{"nodeid":-1,"state":"UP","rtt":{"avg":9000,"cnt":9}},
		"GroupCoordinator":{"nodeid":-1,"state":"UP","rtt":{"avg":37,"cnt":1}}},
		"topics":{"t":{"partitions":{"0":{"fetchq_cnt":401,"fetchq_size":40000},"1":{"fetchq_cnt":401,"fetchq_size":40000},"-1":{"fetchq_cnt":0}}}}}`
	at := time.Unix(5, 0)
	got, err := parseStats(text, at)
	want := boostd.ClientStats{At: at, RoundTrip: 300 * time.Microsecond, Brokers: 2, Connected: 1, Received: 51390, Queued: 401, QueuedBytes: 40000}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := parseStats("{}", at); err != nil || got != (boostd.ClientStats{At: at}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := parseStats("{", at); err == nil {
		t.Error("half a document is accepted")
	}
}

// What librdkafka tells has the fields that are read.
func TestSourceHasItsClientsStats(t *testing.T) {
	t.Parallel()
	c := cluster(t, "a", 2)
	c.Properties = map[string]string{"statistics.interval.ms": "100"}
	produce(t, c, "a", 100, []byte("v"))
	r := open(t, c, "a", true, wide)
	defer r.stop(t)
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		stats := r.source.Status().Client
		if stats.Connected == 1 && stats.Brokers == 1 && stats.RoundTrip > 0 && stats.Received > 100 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("stats %+v", stats)
		}
	}
}

func FuzzParseStats(f *testing.F) {
	f.Add(`{"brokers":{"a":{"nodeid":1,"rtt":{"avg":1,"cnt":-1}}}}`)
	f.Fuzz(func(_ *testing.T, text string) { _, _ = parseStats(text, time.Time{}) })
}

package kafkaio

import (
	"encoding/json"
	"time"

	"github.com/kafkaboost/boostd"
)

// statisticsIntervalMs is how often the client tells its statistics. One telling
// costs 0.8 ms with 60 partitions: 0.06 % of a core for 11 consumers.
const statisticsIntervalMs = "15000"

// statistics are the few of the client's that boostd reads.
type statistics struct {
	Received int64 `json:"rxmsg_bytes"`
	Brokers  map[string]struct {
		ID        int32  `json:"nodeid"` // -1: not a broker of the cluster's
		State     string `json:"state"`
		RoundTrip struct {
			Average int64 `json:"avg"` // microseconds
			Count   int64 `json:"cnt"`
		} `json:"rtt"`
	} `json:"brokers"`
	Topics map[string]struct {
		Partitions map[string]struct {
			Messages int64 `json:"fetchq_cnt"`
			Bytes    int64 `json:"fetchq_size"`
		} `json:"partitions"`
	} `json:"topics"`
}

// parseStats reads the client's statistics.
func parseStats(text string, at time.Time) (boostd.ClientStats, error) {
	var read statistics
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		return boostd.ClientStats{}, err
	}
	stats := boostd.ClientStats{At: at, Received: read.Received}
	var sum, count int64
	for _, b := range read.Brokers {
		if b.ID < 0 {
			continue
		}
		stats.Brokers++
		if b.State == "UP" {
			stats.Connected++
		}
		sum, count = sum+b.RoundTrip.Average*b.RoundTrip.Count, count+b.RoundTrip.Count
	}
	if count > 0 {
		stats.RoundTrip = time.Duration(sum/count) * time.Microsecond
	}
	for _, t := range read.Topics {
		for _, p := range t.Partitions {
			// They share one queue, and each tells the whole of it.
			stats.Queued, stats.QueuedBytes = max(stats.Queued, p.Messages), max(stats.QueuedBytes, p.Bytes)
		}
	}
	return stats, nil
}

// noteStats keeps the newest statistics. Ones that can't be read are no reason
// to stop, and no trouble.
func (s *Source) noteStats(text string) {
	stats, err := parseStats(text, time.Now())
	if err != nil {
		s.logger.Debug("the client's statistics are not readable", "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats = stats
}

package boostd

import (
	"fmt"
	"strconv"
	"strings"
)

// Coordinates name one record of Kafka.
type Coordinates struct {
	TopicPartition
	Offset int64
}

// String formats them as TOPIC/PARTITION@OFFSET, as every command takes them.
func (c Coordinates) String() string { return fmt.Sprintf("%s@%d", c.TopicPartition, c.Offset) }

// ParseCoordinates reads TOPIC/PARTITION@OFFSET. Whether there is such a topic is
// not looked at.
func ParseCoordinates(text string) (Coordinates, error) {
	place, number, hasOffset := strings.Cut(text, "@")
	topic, partition, hasPartition := strings.Cut(place, "/")
	p, badPartition := strconv.ParseInt(partition, 10, 32)
	o, badOffset := strconv.ParseInt(number, 10, 64)
	if !hasOffset || !hasPartition || topic == "" || badPartition != nil || badOffset != nil || p < 0 || o < 0 {
		return Coordinates{}, fmt.Errorf("%.80q: want TOPIC/PARTITION@OFFSET, such as orders/3@1042", text)
	}
	return Coordinates{TopicPartition{topic, int32(p)}, o}, nil
}

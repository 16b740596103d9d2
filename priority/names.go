package priority

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kafkaboost/boostd"
)

// DerivedTopic is the topic of one level of a boosted base topic.
func DerivedTopic(base string, n boostd.Level) string { return base + "_" + strconv.Itoa(int(n)) }

// CutLevel is the opposite of DerivedTopic. ok is false for a name that it never
// makes.
func CutLevel(topic string) (base string, n boostd.Level, ok bool) {
	cut := strings.LastIndexByte(topic, '_')
	if cut < 1 {
		return "", 0, false
	}
	number, err := strconv.Atoi(topic[cut+1:])
	if err != nil || number < 0 || strconv.Itoa(number) != topic[cut+1:] {
		return "", 0, false
	}
	return topic[:cut], boostd.Level(number), true
}

// DeadLetterTopic is where a base topic's given-up messages go.
func DeadLetterTopic(base string) string { return base + deadLetterSuffix }

const deadLetterSuffix = "_dlq"

// CutDeadLetter is the opposite of DeadLetterTopic.
func CutDeadLetter(topic string) (base string, ok bool) {
	base, ok = strings.CutSuffix(topic, deadLetterSuffix)
	return base, ok && base != ""
}

// BaseGroup is the consumer group of the base topics.
func BaseGroup(group string) string { return group + "_base" }

// LevelGroup is the consumer group of one level's derived topics.
func LevelGroup(group string, n boostd.Level) string {
	return group + "_priority_" + strconv.Itoa(int(n))
}

// maxTopicName is Kafka's limit in bytes.
const maxTopicName = 249

// CheckTopic says what Kafka would refuse about a topic's name, or nil.
func CheckTopic(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("topic name is empty")
	case name == "." || name == "..":
		return fmt.Errorf("topic name %q is not allowed", name)
	case len(name) > maxTopicName:
		return fmt.Errorf("topic name %.20q… has %d characters, Kafka allows %d", name, len(name), maxTopicName)
	case strings.HasPrefix(name, "__"):
		return fmt.Errorf("topic name %q begins with __, which is Kafka's own", name)
	}
	for _, r := range name {
		if !allowed(r) {
			return fmt.Errorf("topic name %q contains %q: allowed are letters, digits, '.', '_' and '-'", name, r)
		}
	}
	return nil
}

func allowed(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '_' || r == '-'
}

// sameMetric is the form in which Kafka compares names: it refuses two topics
// that differ only in '.' and '_'.
func sameMetric(name string) string { return strings.ReplaceAll(name, ".", "_") }

package producer

// Config is the section `producer:`.
type Config struct {
	// EmbedPriority, false unless said otherwise, writes the level into the field
	// priority of values that are JSON objects: KafkaBoost's consumers read
	// nothing else.
	EmbedPriority bool `yaml:"embed_priority"`
	// Strict, false unless said otherwise, refuses a priority that is outside
	// 0 … max_priority, or no whole number.
	Strict bool `yaml:"strict"`
}

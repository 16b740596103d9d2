package console

import "time"

// Status is what `boostd status --json` prints. Numbers that aren't known are
// null, never 0. Fields without a JSON name are for the metrics alone.
type Status struct {
	Version  string `json:"version"`
	UptimeS  int64  `json:"uptime_s"`
	Instance string `json:"instance"`
	// Phase is starting, running or stopping; Waiting says what a start waits for.
	Phase     string     `json:"phase"`
	Waiting   string     `json:"waiting,omitempty"`
	Ready     bool       `json:"ready"`
	NotReady  string     `json:"not_ready,omitempty"` // what keeps it from being ready
	Settings  Settings   `json:"settings"`
	Summary   *Summary   `json:"summary"` // null before the first good document
	Levels    []Level    `json:"levels"`  // highest first
	Consumers []Consumer `json:"consumers"`
	Handlers  []Handler  `json:"handlers"`
	// Left are the levels that kafka.only_levels leaves to other instances.
	Left   []Left  `json:"left_to_others,omitempty"`
	Alarms []Alarm `json:"alarms"` // oldest first
	// Resolution counts messages, since the start, whose priority isn't what
	// somebody may have meant.
	Resolution Resolution `json:"resolution"`
	// Held are at most 100 a partition; HeldCount is all of them.
	Held      []Held `json:"held,omitempty"`
	HeldCount uint64 `json:"held_count"`
}

// Resolution counts messages whose priority isn't what somebody may have meant.
type Resolution struct {
	// Clamped: it was outside 0 … max_priority, and counts as the nearest level.
	Clamped uint64 `json:"clamped"`
	// Mistyped: it wasn't a whole number, and counts as absent.
	Mistyped uint64 `json:"mistyped"`
	// Outranked: the value's own goes before a rule with a higher one.
	Outranked uint64 `json:"outranked"`
}

// Settings says where the settings in force come from.
type Settings struct {
	Version   string     `json:"version"` // the source's own name of it
	Hash      string     `json:"hash"`    // of the document, hexadecimal
	Source    string     `json:"source"`
	LoadedAt  *time.Time `json:"loaded_at"`  // when these came into force
	CheckedAt *time.Time `json:"checked_at"` // the last good look at the source
	Error     string     `json:"error"`      // of the last look, empty when it was good
}

// Summary is what the seed's package told of its settings.
type Summary struct {
	UserID               string   `json:"user_id"`
	MaxPriority          int      `json:"max_priority"`
	DefaultPriority      int      `json:"default_priority"`
	TopicsCount          int      `json:"topics_count"`
	RulesCount           int      `json:"rules_count"`
	BoostConfigsCount    int      `json:"boost_configs_count"`
	PriorityBoostEnabled bool     `json:"priority_boost_enabled"`
	CurrentSubscription  []string `json:"current_subscription"`
	LastUpdated          string   `json:"last_updated"`
	IsValid              bool     `json:"is_valid"`
}

// Level is one level over all handlers. Levels without a consumer of their own
// and without any message so far are left out.
type Level struct {
	Level    int     `json:"level"`
	Backlog  Backlog `json:"backlog"`
	InFlight int     `json:"in_flight"`
	// OldestMS is the age, since it was produced, of the message that waits
	// longest here; null when none does.
	OldestMS *int64 `json:"oldest_ms"`
	// State is RUN, HOLD or PAUSED, the most restrained of its consumers'; for a
	// level that only base topics have it is theirs.
	State  string `json:"state"`
	Reason string `json:"reason"`
	// Rate is how many messages a second were done in the last seconds, DrainS
	// how long the backlog lasts at that rate.
	Rate   *float64 `json:"rate"`
	DrainS *float64 `json:"drain_s"`
	// Paused is set while somebody has paused the level by hand.
	Paused  *Pause `json:"paused,omitempty"`
	Done    uint64 `json:"done"`
	Retried uint64 `json:"retried"`
	Dead    uint64 `json:"dead"`
	HeldN   uint64 `json:"held"`
	// Overdue and Shared are attempts that a policy let go before higher levels, for
	// max_wait and for min_share; Preempted are those that gave their slot back to a
	// higher level.
	Overdue   uint64 `json:"overdue"`
	Shared    uint64 `json:"shared"`
	Preempted uint64 `json:"preempted"`
	// QueueWait is the time from fetch to start, Age that from production to start.
	QueueWait, Age Histogram `json:"-"`
}

// Backlog is what waits: Broker null when unknown, or when only base topics
// have the level, because what lies there has no level yet.
type Backlog struct {
	Broker *int64 `json:"broker"`
	Queued int    `json:"queued"`
}

// Pause is a level's pause by hand.
type Pause struct {
	Level int        `json:"level"`
	By    string     `json:"by"`
	Why   string     `json:"why"`
	Since time.Time  `json:"since"`
	Until *time.Time `json:"until"` // null: until somebody resumes it
}

// Consumer is one priority consumer.
type Consumer struct {
	Name       string   `json:"name"`
	Level      *int     `json:"level"` // null for base topics
	Handler    string   `json:"handler"`
	Group      string   `json:"group"`
	Topics     []string `json:"topics"`
	Partitions int      `json:"partitions"`
	Joined     bool     `json:"joined"` // its group has given it an assignment, maybe an empty one
	Broker     *int64   `json:"broker"`
	Unsettled  int      `json:"unsettled"`
	Bytes      int64    `json:"bytes"`
	State      string   `json:"state"`
	Reason     string   `json:"reason"`
	SinceMS    int64    `json:"since_ms"`
	// CommitAgeMS is how long something done has been waiting for its commit.
	CommitAgeMS *int64 `json:"commit_age_ms"`
	Rebalances  uint64 `json:"rebalances"`
	Pauses      uint64 `json:"pauses"`
	Resumes     uint64 `json:"resumes"`
	TurnedMS    *int64 `json:"turned_ms"` // since the poll loop last came round; null before the first time
	// Client are the Kafka client's own figures, 15 seconds old at most; null before
	// the first.
	Client *KafkaClient `json:"client,omitempty"`
	// StateSeconds is the time spent in each state since the start.
	StateSeconds map[string]float64 `json:"-"`
}

// Left is a level that this instance leaves to others.
type Left struct {
	Level  *int     `json:"level"` // null for base topics
	Group  string   `json:"group"`
	Topics []string `json:"topics"`
	// Waiting is how many messages the group hasn't committed; null while unknown.
	Waiting *int64 `json:"waiting"`
}

// KafkaClient is what a Kafka client tells of itself.
type KafkaClient struct {
	RoundTripMS *float64 `json:"round_trip_ms"` // null when nothing was asked lately
	// Brokers are those that it knows, Connected those that it has a connection to.
	Brokers   int `json:"brokers"`
	Connected int `json:"connected"`
	// ReceivedBytes is the size of all messages fetched since the start,
	// PrefetchedBytes of those that wait in the client.
	ReceivedBytes   int64 `json:"received_bytes"`
	PrefetchedBytes int64 `json:"prefetched_bytes"`
}

// Handler is one handler and its slots.
type Handler struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Slots  int    `json:"slots"`
	Busy   int    `json:"busy"`
	Stuck  int    `json:"stuck"`
	MeanUS *int64 `json:"mean_us"`
	// P50US and P99US are what half and 99 of 100 attempts took at most, in the last
	// seconds, or since the start where nothing was done in them; as exact as the
	// buckets of Time. Rate is how many messages a second were done in the last seconds.
	P50US   *int64   `json:"p50_us"`
	P99US   *int64   `json:"p99_us"`
	Rate    *float64 `json:"rate"`
	Done    uint64   `json:"done"`
	Retried uint64   `json:"retried"`
	Dead    uint64   `json:"dead"`
	HeldN   uint64   `json:"held"`
	// Plugin is how a handler of kind plugin does; absent for others.
	Plugin *Plugin `json:"plugin,omitempty"`
	// HotKeys are the keys that hold most of their own messages back, most first.
	HotKeys []HotKey `json:"hot_keys,omitempty"`
	// Policy is what priority means for its messages.
	Policy Policy `json:"policy"`
	// Group is what all instances together have to do of the handler's levels, highest
	// first; absent unless gate.scope is group.
	Group []GroupLevel `json:"group,omitempty"`
	// Time is how long messages were with the handler.
	Time Histogram `json:"-"`
}

// Plugin is the process of a handler of kind plugin.
type Plugin struct {
	// State is starting, running, or failing: it doesn't start, or crashes again and
	// again.
	State string `json:"state"`
	PID   *int   `json:"pid"` // null while none runs
	// Name, Version and SDK are what it says of itself, the last one at least; empty
	// before the first start.
	Name    string     `json:"name"`
	Version string     `json:"version"`
	SDK     string     `json:"sdk"`
	Since   *time.Time `json:"since"` // its start; null while none runs
	// Crashes and Replaced count since the daemon's start.
	Crashes  uint64 `json:"crashes"`
	Replaced uint64 `json:"replaced"`
	// ResidentBytes is its memory; null while none runs.
	ResidentBytes *int64 `json:"resident_bytes"`
	// Error is why it doesn't run or wasn't replaced; empty when there is nothing to
	// tell.
	Error string `json:"error"`
}

// HotKey is a key, or a partition where that is the order, whose messages wait for
// each other.
type HotKey struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	// Hash stands for the key, in hexadecimal: FNV-1a of topic, partition and key.
	Hash    string `json:"hash"`
	Waiting int    `json:"waiting"`
	// Retrying: they wait for one that waits for its retry.
	Retrying bool `json:"retrying"`
}

// GroupLevel is a level of which all instances together have something to do.
type GroupLevel struct {
	Level int `json:"level"`
	// Outstanding is how many messages the group has neither finished nor put off;
	// null while unknown.
	Outstanding *int64 `json:"outstanding"`
	// Holds: lower levels wait for it. Stalled: they don't any more, because none of it
	// was finished for 10 seconds.
	Holds   bool `json:"holds"`
	Stalled bool `json:"stalled"`
}

// Alarm is something that is wrong now.
type Alarm struct {
	Kind    string    `json:"kind"`
	Subject string    `json:"subject,omitempty"` // a level, consumer, handler or file
	Since   time.Time `json:"since"`
	Text    string    `json:"text"`
}

// Histogram counts durations: Counts[n] are those of at most Bounds[n] and more
// than Bounds[n-1], the last one those above all bounds.
type Histogram struct {
	Bounds []time.Duration
	Counts []uint64
	Sum    time.Duration
}

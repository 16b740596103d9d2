// Package task is what the benchmark and its contestants say to each other.
//
// A contestant is a program that reads topics and does some work for each message.
// It is started with one argument, a Task in JSON. On standard output it writes an
// Event a line, in JSON, and nothing else; on standard input it reads a Command a
// line. So contestants may be written in any language. Times are Unix nanoseconds of
// the machine's clock, which all processes share.
//
// It owns the words alone: what is measured is the benchmark's, how a contestant
// works its own. Standard library only.
package task

// Task is what a contestant is asked to do. It reads all topics named
// `{base}_{level}`, from their beginning where its groups have no offset yet.
type Task struct {
	Brokers []string `json:"brokers"`
	// Base is the topics' base name, Lowest and Highest their levels; each topic has
	// Partitions.
	Base       string `json:"base"`
	Lowest     int    `json:"lowest"`
	Highest    int    `json:"highest"`
	Partitions int    `json:"partitions"`
	// Group is the consumer group, or the beginning of the names of several.
	Group string `json:"group"`
	// Slots is how many messages are worked on at once.
	Slots int `json:"slots"`
	// WorkMin and WorkMax, in microseconds: a message's work is to sleep a time
	// between them, the same time for the same message: see Work. 0: nothing.
	WorkMin int64 `json:"work_min_us"`
	WorkMax int64 `json:"work_max_us"`
	// Order is none, key or partition: which messages come one after the other.
	Order string `json:"order"`
	// Reserve is how many slots only Highest may use; for contestants that can.
	Reserve int `json:"reserve"`
	// Count is how many messages there are: when so many are done the contestant
	// writes Done. 0: nobody knows.
	Count int64 `json:"count"`
	// Trace asks for an Event Handled for every message, at low rates.
	Trace bool `json:"trace"`
	// Dir is an empty folder for whatever the contestant needs.
	Dir string `json:"dir"`
}

// Event is a line of a contestant.
type Event struct {
	Event string `json:"event"`
	At    int64  `json:"at"`
	// With Mark: how many messages were started so far, by level from Lowest on;
	// how many are done, all levels together; and, for each message with the header
	// ProducedAt that was started since the last mark, its time from production to start, in
	// nanoseconds, in any order.
	Started []int64 `json:"started,omitempty"`
	Done    int64   `json:"done,omitempty"`
	Waits   []int64 `json:"waits,omitempty"`
	// With Handled: the message, whose work began at At.
	Topic     string `json:"topic,omitempty"`
	Partition int32  `json:"partition,omitempty"`
	Offset    int64  `json:"offset,omitempty"`
}

// The events.
const (
	// Polling: it asks for messages for the first time: the
	// clock "from the first poll" begins.
	Polling = "polling"
	// First: the first message's work begins.
	First = "first"
	// Finished: Task.Count messages are done.
	Finished = "finished"
	// Mark answers the command mark.
	Mark = "mark"
	// Handled is one message's, with Task.Trace.
	Handled = "handled"
)

// The commands.
const (
	// AskMark asks for an Event Mark.
	AskMark = "mark"
	// AskStop asks to finish what is begun, commit, leave, and exit with code 0. The
	// end of standard input asks for the same.
	AskStop = "stop"
)

// ProducedAt is the header that carries when a message was produced, in decimal.
// Only messages whose wait is wanted have it.
const ProducedAt = "produced_at_ns"

// Work is the time that a message's work takes, in microseconds: between the task's
// bounds, spread evenly by the message's partition and offset, so that every contestant has the same to do.
func (t *Task) Work(partition int32, offset int64) int64 {
	if t.WorkMax <= t.WorkMin {
		return t.WorkMin
	}
	return t.WorkMin + Spread(partition, offset)%(t.WorkMax-t.WorkMin+1)
}

// Spread is a number from 0 to 2³¹-2 that looks random: the low 31 bits of
// (offset × 7919 + partition × 104729 + 17), times 48271, modulo 2³¹-1 (Lehmer's
// generator with the multiplier of C++'s minstd_rand), which every language has exactly.
func Spread(partition int32, offset int64) int64 {
	seed := (offset*7919 + int64(partition)*104729 + 17) & (1<<31 - 1)
	return seed * 48271 % (1<<31 - 1)
}

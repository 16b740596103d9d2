package offsets

// Standing is what brokers and group tell anybody of a partition, whoever has it
// now.
type Standing struct {
	// Topic is which one has the name now; zero unknown.
	Topic TopicID
	// First and End are the partition's; Start is where a group without a committed
	// offset begins.
	First, End, Start int64
	// Committed is Unknown where nothing is; Metadata came with it.
	Committed int64
	Metadata  string
}

// Work is how many messages are outstanding, and how many are done, both as
// offsets count them. Outstanding is what lies behind the committed offset, but for
// what the completion map has as done, as failed (it waits for another attempt) or
// as held. Done grows when something is finished and with nothing else, unless the
// group is taken back or the topic made anew. A map that Restore would refuse counts
// for nothing.
func (s Standing) Work() (outstanding, done int64) {
	if s.Committed == Unknown {
		return max(s.End-max(s.Start, s.First), 0), 0
	}
	m, err := ParseMap(s.Metadata)
	ours := err == nil && s.Topic != (TopicID{})
	switch {
	case ours && m.Topic != s.Topic: // of a topic that was deleted
		return max(s.End-s.First, 0), 0
	case !ours || m.Base != s.Committed:
		return max(s.End-max(s.Committed, s.First), 0), s.Committed
	}
	for _, p := range m.Pending {
		if !p.noted() && p.Offset >= s.First {
			outstanding++
		}
	}
	// What came behind the map may be more than End, which was asked for before.
	return outstanding + max(s.End-max(m.End, s.First), 0), s.Committed + m.End - m.Base - int64(len(m.Pending))
}

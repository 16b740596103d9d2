package offsets

// restored is what the map of the last commit tells of messages that are still to
// come. The zero value tells nothing.
type restored struct {
	rest        []Pending // not finished and not delivered yet, ascending
	end         int64     // at and behind it nothing is known
	leaderEpoch int32
	bits        int // of the states of rest, in a map
}

func newRestored(m Map) restored {
	r := restored{rest: m.Pending, end: m.End, leaderEpoch: m.LeaderEpoch}
	for _, p := range r.rest {
		r.bits += p.stateBits()
	}
	return r
}

// take says what is known of a message that is delivered, in ascending order. Of
// one that was written after the map nothing is, and then the map is over: the
// log was cut off somewhere below, and written anew.
func (r *restored) take(offset int64, leaderEpoch int32) (p Pending, finished bool) {
	if offset >= r.end || leaderEpoch > r.leaderEpoch {
		*r = restored{}
		return Pending{Offset: offset}, false
	}
	for len(r.rest) > 0 && r.rest[0].Offset <= offset {
		p = r.rest[0]
		r.rest, r.bits = r.rest[1:], r.bits-p.stateBits()
		if p.Offset == offset {
			return p, false
		}
	}
	return Pending{Offset: offset}, true
}

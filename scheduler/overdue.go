package scheduler

import (
	"slices"
	"time"

	"github.com/kafkaboost/boostd"
)

// ages are ready items by the time of their fetch. There is one for each band of
// levels between two reserves, so that the first of all that may have a slot is
// found without a search. Only a policy with MaxWait has them.
//
// Nearly all become ready in the order of their fetch, and are linked through
// themselves. What comes late (a retry, a key's next message, another consumer's
// fetch of a moment ago) is in a heap. With all in one heap, a message of a queue
// of 100,000 cost 1 µs.
type ages struct {
	oldest, newest *Item
	late           lateAges
}

// lateAges is a binary heap.
type lateAges []*Item

// lined is what Item.aged says of one that is linked.
const lined = -1

// band is the number of reserves that the level belongs to: the floor keeps out
// whole bands.
func (p *pool) band(i *Item) int {
	n := 0
	for _, r := range p.config.Policy.Reserve {
		if i.Message.Level >= r.From {
			n++
		}
	}
	return n
}

// ageing notes that an item has become ready.
func (p *pool) ageing(i *Item) {
	if p.config.Policy.MaxWait > 0 {
		p.age[p.band(i)].push(i)
	}
}

// unage notes that it no longer is.
func (p *pool) unage(i *Item) {
	if i.aged != 0 {
		p.age[p.band(i)].remove(i)
	}
}

// overdue is the item that was fetched first, if that is MaxWait ago, of the
// levels from floor on.
func (p *pool) overdue(now time.Time, floor boostd.Level) *Item {
	first := p.oldest(floor)
	if first == nil || now.Sub(first.Message.FetchedAt) < p.config.Policy.MaxWait {
		return nil
	}
	return first
}

// oldest is the item that was fetched first of the levels from floor on, with
// MaxWait.
func (p *pool) oldest(floor boostd.Level) (first *Item) {
	if p.config.Policy.MaxWait <= 0 {
		return nil
	}
	for n := range p.age {
		if i := p.age[n].first(); i != nil && i.Message.Level >= floor && (first == nil || earlier(i, first)) {
			first = i
		}
	}
	return first
}

// earlier orders by fetch, and what was fetched at once as priority does, and then
// the partition: a heap alone would mix up what is equal.
func earlier(a, b *Item) bool {
	x, y := a.Message, b.Message
	if c := x.FetchedAt.Compare(y.FetchedAt); c != 0 {
		return c < 0
	}
	switch {
	case x.Level != y.Level:
		return x.Level > y.Level
	case x.Offset != y.Offset:
		return x.Offset < y.Offset
	case x.Partition != y.Partition:
		return x.Partition < y.Partition
	}
	return x.Topic < y.Topic
}

func (a *ages) first() *Item {
	if len(a.late) > 0 && (a.oldest == nil || earlier(a.late[0], a.oldest)) {
		return a.late[0]
	}
	return a.oldest
}

func (a *ages) push(i *Item) {
	if a.newest != nil && earlier(i, a.newest) {
		a.late.push(i)
		return
	}
	i.aged, i.older = lined, a.newest
	if a.newest == nil {
		a.oldest = i
	} else {
		a.newest.newer = i
	}
	a.newest = i
}

func (a *ages) remove(i *Item) {
	if i.aged != lined {
		a.late.remove(i)
		return
	}
	if i.older == nil {
		a.oldest = i.newer
	} else {
		i.older.newer = i.newer
	}
	if i.newer == nil {
		a.newest = i.older
	} else {
		i.newer.older = i.older
	}
	i.aged, i.older, i.newer = 0, nil, nil
}

func (a *lateAges) push(i *Item) {
	*a = append(*a, i)
	i.aged = len(*a)
	a.up(len(*a) - 1)
}

func (a *lateAges) remove(i *Item) {
	at, last := i.aged-1, len(*a)-1
	i.aged = 0
	if at != last {
		a.place((*a)[last], at)
	}
	*a = slices.Delete(*a, last, last+1)
	if at != last {
		a.up(at)
		a.down(at)
	}
}

func (a lateAges) place(i *Item, at int) {
	a[at] = i
	i.aged = at + 1
}

func (a lateAges) up(at int) {
	for i := a[at]; at > 0; {
		above := (at - 1) / 2
		if !earlier(i, a[above]) {
			break
		}
		a.place(a[above], at)
		a.place(i, above)
		at = above
	}
}

func (a lateAges) down(at int) {
	for i := a[at]; ; {
		below := 2*at + 1
		if below+1 < len(a) && earlier(a[below+1], a[below]) {
			below++
		}
		if below >= len(a) || !earlier(a[below], i) {
			return
		}
		a.place(a[below], at)
		a.place(i, below)
		at = below
	}
}

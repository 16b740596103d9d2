package scheduler

// list is a queue of items, linked through the items themselves: no operation
// allocates. An item is in at most one list.
type list struct {
	head, tail *Item
	len        int
}

func (l *list) pushBack(i *Item) {
	i.prev, i.next = l.tail, nil
	if l.tail == nil {
		l.head = i
	} else {
		l.tail.next = i
	}
	l.tail = i
	l.len++
}

func (l *list) pushFront(i *Item) {
	i.prev, i.next = nil, l.head
	if l.head == nil {
		l.tail = i
	} else {
		l.head.prev = i
	}
	l.head = i
	l.len++
}

func (l *list) popFront() *Item {
	i := l.head
	if i != nil {
		l.remove(i)
	}
	return i
}

// remove takes one item out of the list that it is in.
func (l *list) remove(i *Item) {
	if i.prev == nil {
		l.head = i.next
	} else {
		i.prev.next = i.next
	}
	if i.next == nil {
		l.tail = i.prev
	} else {
		i.next.prev = i.prev
	}
	i.prev, i.next = nil, nil
	l.len--
}

// insert puts the item before the first one for which before is true, else at
// the end. The end is looked at first: that is where nearly all belong.
func (l *list) insert(i *Item, before func(*Item) bool) {
	switch {
	case l.tail == nil || !before(l.tail):
		l.pushBack(i)
	case before(l.head):
		l.pushFront(i)
	default:
		at := l.head.next
		for !before(at) {
			at = at.next
		}
		i.prev, i.next = at.prev, at
		at.prev.next, at.prev = i, i
		l.len++
	}
}

// take removes the items for which drop is true and passes each to taken, in
// order; the rest keeps its order.
func (l *list) take(drop func(*Item) bool, taken func(*Item)) {
	for i := l.head; i != nil; {
		next := i.next
		if drop(i) {
			l.remove(i)
			taken(i)
		}
		i = next
	}
}

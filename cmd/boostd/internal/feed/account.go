package feed

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
)

// maxFailures is how many failed lines are kept to be shown.
const maxFailures = 20

// Account is what has become of the lines so far. Safe from any goroutine.
type Account struct {
	sent  func(Outcome)
	began time.Time

	begun, last, blanks atomic.Int64 // messages, and the last line of them

	mu                           sync.Mutex
	took                         time.Duration // once it has ended
	delivered, failed            int
	clamped, mistyped, outranked int
	topics                       map[string]int
	failures                     []Outcome
}

func (a *Account) begin(line int) {
	a.begun.Add(1)
	a.last.Store(int64(line))
}

// open is how many messages have no answer yet.
func (a *Account) open() int { return int(a.begun.Load()) - a.delivered - a.failed }

func (a *Account) note(o Outcome) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if o.Err != nil {
		a.failed++
		if len(a.failures) < maxFailures {
			a.failures = append(a.failures, o)
		}
	} else {
		a.delivered++
		if a.topics == nil {
			a.topics = map[string]int{}
		}
		a.topics[o.Topic]++
		a.clamped += one(o.Resolution.Clamped)
		a.mistyped += one(o.Resolution.Mistyped)
		a.outranked += one(o.Resolution.Outranked)
	}
	if a.sent != nil {
		a.sent(o)
	}
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

func (a *Account) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.took = time.Since(a.began)
}

// Failed is how many lines were not delivered, those without an answer included.
func (a *Account) Failed() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed + a.open()
}

// Delivered is how many lines were acknowledged.
func (a *Account) Delivered() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.delivered
}

// Progress is the account in one line, while it goes on.
func (a *Account) Progress() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	text := fmt.Sprintf("line %s, %s delivered, %s on their way", term.Number(a.last.Load()), term.Number(int64(a.delivered)), term.Number(int64(a.open())))
	if a.failed > 0 {
		text += fmt.Sprintf(", %s failed", term.Number(int64(a.failed)))
	}
	return text + fmt.Sprintf(", %s/s", term.Number(int64(float64(a.delivered)/time.Since(a.began).Seconds())))
}

// Summary is the account at the end. name is the input's.
func (a *Account) Summary(name string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	for _, f := range a.failures {
		fmt.Fprintf(&b, "%s:%d: %v\n", name, f.Line, f.Err)
	}
	if more := a.failed - len(a.failures); more > 0 {
		fmt.Fprintf(&b, "and %s more failed\n", term.Number(int64(more)))
	}
	if open := a.open(); open > 0 {
		fmt.Fprintf(&b, "%s without an answer, written or not; the last line that was sent is %d\n", messages(open), a.last.Load())
	}
	fmt.Fprintf(&b, "%s delivered in %.1f s", messages(a.delivered), a.took.Seconds())
	if a.took >= time.Second {
		fmt.Fprintf(&b, ", %s/s", term.Number(int64(float64(a.delivered)/a.took.Seconds())))
	}
	b.WriteByte('\n')
	for _, topic := range slices.Sorted(maps.Keys(a.topics)) {
		fmt.Fprintf(&b, "  %s: %s\n", topic, term.Number(int64(a.topics[topic])))
	}
	for _, note := range []struct {
		n    int
		text string
	}{
		{int(a.blanks.Load()), "blank lines were passed over"},
		{a.clamped, "had a priority outside 0 … max_priority: it counts as the nearest level"},
		{a.mistyped, "had a priority that is no whole number: it counts as absent"},
		{a.outranked, "have a priority of their own that goes before a rule with a higher one"},
	} {
		if note.n > 0 {
			fmt.Fprintf(&b, "%s %s\n", term.Number(int64(note.n)), note.text)
		}
	}
	return b.String()
}

func messages(n int) string {
	if n == 1 {
		return "1 message"
	}
	return term.Number(int64(n)) + " messages"
}

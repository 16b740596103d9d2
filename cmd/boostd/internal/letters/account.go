package letters

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/term"
	"github.com/kafkaboost/boostd/deadletter"
)

// maxFailures is how many failures are kept to be shown.
const maxFailures = 20

// Account is what has become of the selected letters so far. Safe from any
// goroutine.
type Account struct {
	began time.Time

	mu       sync.Mutex
	took     time.Duration // once it has ended
	selected int
	resolved int            // their marks are written
	topics   map[string]int // messages sent back, by where they went
	refused  map[error]int
	failed   int
	// unmarked were sent back, or may have been, and have no mark: the next replay
	// repeats them.
	unmarked int
	failures []string
}

// NewAccount begins one.
func NewAccount() *Account {
	return &Account{began: time.Now(), topics: map[string]int{}, refused: map[error]int{}}
}

func (a *Account) change(do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	do()
}

// note is change until the account has ended: what is given up counts once.
func (a *Account) note(do func()) {
	a.change(func() {
		if a.took == 0 {
			do()
		}
	})
}

// end closes the account. late are under way and given up.
func (a *Account) end(late int) {
	a.change(func() { a.took, a.unmarked = max(1, time.Since(a.began)), a.unmarked+late })
}

// reasons are why a letter isn't replayed.
var reasons = []struct {
	err       error
	key, text string
}{
	{deadletter.ErrReplays, "max_replays", "--max-replays is reached"},
	{deadletter.ErrUnknownOrigin, "unknown_origin", "nothing says where it came from"},
	{deadletter.ErrForeignOrigin, "foreign_origin", "it came from a topic that this dead-letter topic isn't for"},
}

func (a *Account) refuse(l *deadletter.Letter, err error) {
	a.change(func() {
		for _, r := range reasons {
			if errors.Is(err, r.err) {
				a.refused[r.err]++
			}
		}
		if len(a.failures) < maxFailures {
			a.failures = append(a.failures, fmt.Sprintf("%s: not replayed: %v", l.At, err))
		}
	})
}

func (a *Account) fail(place fmt.Stringer, err error) {
	a.note(func() {
		a.failed++
		if len(a.failures) < maxFailures {
			a.failures = append(a.failures, fmt.Sprintf("%s: %v", place, err))
		}
	})
}

// Done is how many letters are resolved.
func (a *Account) Done() (n int) { a.change(func() { n = a.resolved }); return n }

// Selected is how many letters were meant.
func (a *Account) Selected() (n int) { a.change(func() { n = a.selected }); return n }

// Failed is how many couldn't be resolved.
func (a *Account) Failed() (n int) { a.change(func() { n = a.failed + a.unmarked }); return n }

// Refused is how many may not be replayed.
func (a *Account) Refused() (n int) {
	a.change(func() {
		for _, count := range a.refused {
			n += count
		}
	})
	return n
}

// Progress is the account in one line, while it goes on. of is how many letters
// are open.
func (a *Account) Progress(of int) (text string) {
	a.change(func() {
		text = fmt.Sprintf("%s of %s done", term.Number(int64(a.resolved)), letters(of))
		if a.failed > 0 {
			text += fmt.Sprintf(", %s failed", term.Number(int64(a.failed)))
		}
		text += fmt.Sprintf(", %s/s", term.Number(int64(float64(a.resolved)/time.Since(a.began).Seconds())))
	})
	return text
}

// Summary is the account at the end. did is what was done, such as "replayed".
func (a *Account) Summary(did string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	for _, f := range a.failures {
		fmt.Fprintln(&b, f)
	}
	fmt.Fprintf(&b, "%s %s", letters(a.resolved), did)
	if a.took >= time.Second {
		fmt.Fprintf(&b, " in %.1f s", a.took.Seconds())
	}
	b.WriteByte('\n')
	for _, topic := range slices.Sorted(maps.Keys(a.topics)) {
		fmt.Fprintf(&b, "  to %s: %s\n", topic, term.Number(int64(a.topics[topic])))
	}
	for _, r := range reasons {
		if n := a.refused[r.err]; n > 0 {
			fmt.Fprintf(&b, "%s not replayed: %s\n", letters(n), r.text)
		}
	}
	if a.unmarked > 0 {
		fmt.Fprintf(&b, "%s sent back, or on their way, and without a mark: another replay sends them again\n", letters(a.unmarked))
	}
	if a.failed > 0 {
		fmt.Fprintf(&b, "%s failed, and stay\n", letters(a.failed))
	}
	return b.String()
}

// Report is the account in JSON.
type Report struct {
	// DryRun: nothing was done, the figures are what would be.
	DryRun bool `json:"dry_run"`
	// Selected letters were met; Resolved are those replayed or purged.
	Selected int `json:"selected"`
	Resolved int `json:"resolved"`
	// Topics are where messages went.
	Topics map[string]int `json:"topics,omitempty"`
	// Refused counts max_replays, unknown_origin and foreign_origin.
	Refused map[string]int `json:"refused,omitempty"`
	Failed  int            `json:"failed"`
	// Unmarked messages were sent back, or may have been, and another replay sends
	// them again.
	Unmarked int `json:"unmarked"`
	// Deleted is how many records were deleted, marks included; absent when none
	// were to be, or could be.
	Deleted     *int64  `json:"deleted,omitempty"`
	Interrupted bool    `json:"interrupted"`
	Seconds     float64 `json:"seconds"`
}

// Report is the account at the end.
func (a *Account) Report() Report {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := Report{Selected: a.selected, Resolved: a.resolved, Topics: maps.Clone(a.topics), Refused: map[string]int{}, Failed: a.failed,
		Unmarked: a.unmarked, Seconds: a.took.Seconds()}
	for _, reason := range reasons {
		if n := a.refused[reason.err]; n > 0 {
			r.Refused[reason.key] = n
		}
	}
	return r
}

func letters(n int) string {
	if n == 1 {
		return "1 letter"
	}
	return term.Number(int64(n)) + " letters"
}

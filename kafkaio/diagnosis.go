package kafkaio

import (
	"regexp"
	"strings"
	"sync"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// diagnosis keeps, from a client's log, why its last connection failed: a call's
// own error says only that no broker could be reached, whether nobody listens,
// a password is wrong, or a certificate isn't trusted.
type diagnosis struct {
	logs  chan kafka.LogEvent
	stop  chan struct{}
	tasks sync.WaitGroup

	mu    sync.Mutex
	cause string
	level int // of the cause, as syslog's: lower is graver
}

func newDiagnosis() *diagnosis {
	d := &diagnosis{logs: make(chan kafka.LogEvent, 64), stop: make(chan struct{})}
	d.tasks.Go(d.read)
	return d
}

// close is called after the client's Close.
func (d *diagnosis) close() {
	close(d.stop)
	d.tasks.Wait()
}

func (d *diagnosis) read() {
	for {
		select {
		case l := <-d.logs:
			d.note(l)
		case <-d.stop:
			return
		}
	}
}

// thread is what a line of the client's log begins with.
var thread = regexp.MustCompile(`^\[thrd:[^]]*\]: `)

// note keeps the newest of the gravest: a refused login or certificate is
// followed by disconnections that say less.
func (d *diagnosis) note(l kafka.LogEvent) {
	if l.Tag != "FAIL" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cause == "" || l.Level <= d.level {
		d.cause, d.level = strings.TrimSpace(thread.ReplaceAllString(l.Message, "")), l.Level
	}
}

// why is the cause, or what err says when none is known.
func (d *diagnosis) why(err error) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cause == "" {
		return err.Error()
	}
	return d.cause
}

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd"
	"github.com/kafkaboost/boostd/audit"
	"github.com/kafkaboost/boostd/daemon"
	"github.com/kafkaboost/boostd/scheduler"
	"github.com/kafkaboost/boostd/test/rig"
)

// fault is what a handler does to the message whose value is the fault's name,
// what the audit then has of it, and why it is held if it is.
type fault struct {
	name string
	want []boostd.Outcome
	held string
}

var (
	atOnce    = []boostd.Outcome{boostd.Done}
	inTwo     = []boostd.Outcome{boostd.Retry, boostd.Done}
	heldFirst = []boostd.Outcome{boostd.Held}
	heldThird = []boostd.Outcome{boostd.Retry, boostd.Retry, boostd.Held}
)

var serviceFaults = []fault{
	{"works", atOnce, ""},
	{"errs once", inTwo, ""},
	{"asks to wait", inTwo, ""},
	{"refuses", heldFirst, "answered 404 Not Found: no such order"},
	{"redirects", heldFirst, "redirects aren't followed"},
	{"hangs", inTwo, ""},
	{"hangs up", inTwo, ""},
	{"answers garbage", inTwo, ""},
	{"breaks off", inTwo, ""},
	{"never works", heldThird, "answered 503"},
}

func faultyService(t *testing.T) *service {
	return serve(t, func(w http.ResponseWriter, r *http.Request, got request) {
		switch name := string(got.body); {
		case name == "refuses":
			http.Error(w, "no such order", http.StatusNotFound)
		case name == "redirects":
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		case name == "never works":
			w.WriteHeader(http.StatusServiceUnavailable)
		case got.attempt > 1:
		case name == "errs once":
			w.WriteHeader(http.StatusInternalServerError)
		case name == "asks to wait":
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case name == "hangs":
			hang(w, r)
		case name == "hangs up":
			say(t, w, "")
		case name == "answers garbage":
			say(t, w, "220 mail ready\r\n")
		case name == "breaks off":
			say(t, w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		}
	})
}

// Whatever an HTTP service does, its message is done in the end or held, all
// others go on, and nothing behind a held one is committed.
func TestFaultsOfAService(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		records := runFaults(t, c, `http: "`+faultyService(t).URL+`"`, serviceFaults)
		wait := records["asks to wait"]
		if between := wait[1].StartedAt.Sub(wait[0].FinishedAt); between < time.Second {
			t.Errorf("tried again %v after an answer with Retry-After: 1", between)
		}
	})
}

var programFaults = []fault{
	{"works", atOnce, ""},
	{"retries", inTwo, ""},
	{"asks to wait", inTwo, ""},
	{"refuses", heldFirst, "no such customer"},
	{"hangs", inTwo, ""},
	{"dies", inTwo, ""},
	{"answers garbage", inTwo, ""},
	{"answers another", inTwo, ""},
	{"answers twice", atOnce, ""},
	{"breaks off", inTwo, ""},
	{"never works", heldThird, "program"},
}

// faultyProgram answers each line as its value asks. What shall happen once
// looks at the attempt.
const faultyProgram = `#!/bin/sh
while IFS= read -r line; do
	id=${line#*:} id=${id%%,*}
	case $line in
	*'"value":"refuses"'*) echo "{\"id\":$id,\"result\":\"dead\",\"error\":\"no such customer\"}" ;;
	*'"value":"never works"'*) exit 1 ;;
	*'"value":"answers twice"'*) echo "{\"id\":$id,\"result\":\"done\"}"; echo "{\"id\":$id,\"result\":\"done\"}" ;;
	*'"attempt":1,'*'"value":"retries"'*) echo "{\"id\":$id,\"result\":\"retry\",\"error\":\"not now\"}" ;;
	*'"attempt":1,'*'"value":"asks to wait"'*) echo "{\"id\":$id,\"result\":\"retry\",\"after_ms\":1000}" ;;
	*'"attempt":1,'*'"value":"hangs"'*) read -r never ;;
	*'"attempt":1,'*'"value":"dies"'*) kill -9 $$ ;;
	*'"attempt":1,'*'"value":"answers garbage"'*) echo 'Traceback (most recent call last):' ;;
	*'"attempt":1,'*'"value":"answers another"'*) echo '{"id":4711,"result":"done"}' ;;
	*'"attempt":1,'*'"value":"breaks off"'*) printf '{"id":%s,"resu' "$id"; exit 0 ;;
	*) echo "{\"id\":$id,\"result\":\"done\"}" ;;
	esac
done
`

// The same of a program.
func TestFaultsOfAProgram(t *testing.T) {
	onEach(t, func(t *testing.T, c *rig.Cluster) {
		path := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(path, []byte(faultyProgram), 0o700); err != nil {
			t.Fatal(err)
		}
		records := runFaults(t, c, `exec: ["`+path+`"]`, programFaults)
		wait := records["asks to wait"]
		if between := wait[1].StartedAt.Sub(wait[0].FinishedAt); between < time.Second {
			t.Errorf("tried again %v after an answer with after_ms 1000", between)
		}
	})
}

// runFaults lets a handler see each fault once, among messages that are fine,
// and checks the audit, the status and what is committed. It returns the
// attempts by fault.
func runFaults(t *testing.T, c *rig.Cluster, handler string, faults []fault) map[string][]audit.Record {
	s := rig.New(t, c, rig.Options{Min: 10, Max: 10, Partitions: 1,
		Handler: handler + ", slots: 4, timeout: 3s, retry: {attempts: 3, backoff: 10ms}"})
	load := s.Load(t)
	for n, f := range faults {
		load.Send(rig.Message{Key: fmt.Append(nil, n), Value: []byte(f.name)})
		load.Send(rig.Message{Key: fmt.Append(nil, n, "fine"), Value: []byte("works")})
	}
	load.Flush()
	held := 0
	for _, f := range faults {
		if f.held != "" {
			held++
		}
	}
	d, stop := s.Start(t)
	load.AwaitDone(2*len(faults) - held)
	rig.Eventually(t, "the rest is held", func() bool { return len(status(t, d).Held) == held })
	shown := status(t, d).Held
	stop()
	attempts := map[int64][]audit.Record{}
	for _, r := range s.Audit(t) {
		attempts[r.Offset] = append(attempts[r.Offset], r)
	}
	records := map[string][]audit.Record{}
	for n, f := range faults {
		records[f.name] = attempts[int64(2*n)]
		f.check(t, int64(2*n), records[f.name], shown)
		// A program's second answer may be taken for the next message's, of another
		// id, which ends the program.
		if took := len(attempts[int64(2*n+1)]); took > 2 || took == 2 && !strings.HasPrefix(handler, "exec") {
			t.Errorf("the message behind %q took %d attempts", f.name, took)
		}
	}
	for tp, offset := range s.Committed(t) {
		if offset > shown[0].Offset {
			t.Errorf("%v is committed at %d, behind the held message %d", tp, offset, shown[0].Offset)
		}
	}
	if v := load.Verdict(); v.Lost != held || v.Duplicates > 0 {
		t.Errorf("%d not done, %d repeated; want %d and 0", v.Lost, v.Duplicates, held)
	}
	return records
}

func (f fault) check(t *testing.T, offset int64, attempts []audit.Record, shown []scheduler.HeldMessage) {
	t.Helper()
	var got []boostd.Outcome
	for n, r := range attempts {
		got = append(got, r.Result)
		if r.Attempt != n+1 {
			t.Errorf("%q: attempt %d calls itself %d", f.name, n+1, r.Attempt)
		}
	}
	if !slices.Equal(got, f.want) {
		t.Errorf("%q: attempts ended as %v, want %v", f.name, got, f.want)
	}
	at := slices.IndexFunc(shown, func(h scheduler.HeldMessage) bool { return h.Offset == offset })
	switch {
	case (at >= 0) != (f.held != ""):
		t.Errorf("%q: held %v, want %v", f.name, at >= 0, f.held != "")
	case at >= 0 && (!strings.Contains(shown[at].Reason, f.held) || shown[at].Attempts != len(f.want)):
		t.Errorf("%q: held after %d attempts because %q; want %d, %q", f.name, shown[at].Attempts, shown[at].Reason, len(f.want), f.held)
	}
}

// status asks the daemon.
func status(t *testing.T, d *daemon.Daemon) scheduler.Status {
	t.Helper()
	s, err := d.Scheduler(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

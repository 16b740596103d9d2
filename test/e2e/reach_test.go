package e2e

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/kafkaboost/boostd/test/rig"
)

// freeAddress is one that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := kafkatest.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// silentAddress is one where connections are accepted and nothing is said.
func silentAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// Without a broker `run` gives up within ten seconds and names where it looked.
func TestNoBrokerAtStart(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{
		"refused": freeAddress(t), "silent": silentAddress(t), "no such name": "nowhere.invalid:9092",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := rig.Plan(t, []string{address}, rig.Options{Min: 10})
			p := s.Spawn(t)
			exits(t, p, p.Wait(rig.Patience), 69)
			t.Logf("gave up after %v", p.Took())
			if p.Took() > 10*time.Second {
				t.Errorf("gave up after %v, want at most 10 s", p.Took())
			}
			says(t, p, address, "no broker answers", "--wait")
		})
	}
}

// With --wait it keeps trying, and works once the broker is there.
func TestWaitForABroker(t *testing.T) {
	t.Parallel()
	s := rig.Plan(t, []string{freeAddress(t)}, rig.Options{Min: 10})
	p := s.Spawn(t, "--wait")
	rig.Eventually(t, "it says that it waits", func() bool { return p.Says("no broker answers") })
	broker := rig.Spawn(t, "broker", "--listen", s.Config.Brokers[0])
	rig.Eventually(t, "the daemon runs", func() bool { return p.Says(`"running"`) })
	load := s.Load(t)
	load.Fill(0, 20, 100)
	load.Fill(10, 20, 100)
	load.AwaitHandled()
	exits(t, p, p.Terminate(), 0)
	exits(t, broker, broker.Terminate(), 0)
	clean(t, load)
}

// A signal while it waits for a broker is a clean stop, and a prompt one.
func TestSignalWhileWaitingForABroker(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"refused": freeAddress(t), "silent": silentAddress(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := rig.Plan(t, []string{address}, rig.Options{Min: 10}).Spawn(t, "--wait")
			// Handling of signals is set up before anything is said.
			rig.Eventually(t, "it says that it waits", func() bool { return p.Says("no broker answers") })
			began := time.Now()
			p.Signal(syscall.SIGTERM)
			exits(t, p, p.Wait(rig.Patience), 0)
			if took := time.Since(began); took > 6*time.Second {
				t.Errorf("ended %v after the signal", took)
			}
		})
	}
}

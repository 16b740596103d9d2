//go:build acceptance

package acceptance

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kafkaboost/boostd/test/kafkatest"
	"github.com/kafkaboost/boostd/test/rig"
)

// lines writes a file of n JSON objects with values of about size bytes, the
// number of each first.
func lines(t *testing.T, n, size int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "messages.txt")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	text := strings.Repeat("x", size-len(`{"order_id": 1234567, "note": ""}`))
	for i := range n {
		fmt.Fprintf(w, "{\"order_id\": %d, \"note\": \"%s\"}\n", i, text)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestProducingFromAFile: what boostd does with each line, resolving its priority
// and keeping the account, costs at most a tenth of the speed of a loop that
// sends the same messages and knows which line failed. Each round compares two
// runs, one right after the other, in turns: how fast the brokers take messages
// changes from minute to minute.
func TestProducingFromAFile(t *testing.T) {
	const rounds = 10
	for _, c := range []struct{ size, messages int }{{100, 1_000_000}, {1000, 300_000}} {
		s := rig.New(t, kafka, rig.Options{Min: 5, Partitions: 3})
		file := lines(t, c.messages, c.size)
		speed := func(p *rig.Process) float64 {
			if code := p.Wait(5 * time.Minute); code != 0 || !p.Says("delivered") {
				t.Fatalf("exit code %d: %s", code, p.Output())
			}
			return float64(c.messages) / p.Took().Seconds()
		}
		speed(s.SpawnBareProduce(t, s.Base, file)) // brokers and the file's cache are cold at first
		var ours, bare, ratios []float64
		for n := range rounds {
			us := func() { ours = append(ours, speed(rig.Spawn(t, "produce", s.Base, "-c", s.Path(), "--file", file))) }
			loop := func() { bare = append(bare, speed(s.SpawnBareProduce(t, s.Topic(5), file))) }
			if n%2 == 0 {
				us()
				loop()
			} else {
				loop()
				us()
			}
			ratios = append(ratios, ours[n]/bare[n])
		}
		t.Logf("%d bytes: boostd %.0f messages/s, bare %.0f messages/s, ratios %.2f", c.size, ours, bare, ratios)
		slices.Sort(ratios)
		if median := (ratios[rounds/2-1] + ratios[rounds/2]) / 2; median < 0.9 {
			t.Errorf("%d bytes: boostd is at %.2f of the bare loop, want at least 0.9", c.size, median)
		}
	}
}

// TestMillionFromAFileWhileABrokerDies: each message is there, and none twice.
func TestMillionFromAFileWhileABrokerDies(t *testing.T) {
	const messages = 1_000_000
	cluster := kafkatest.New(t, kafkatest.Options{Nodes: 3, FastFailover: true})
	s := rig.Plan(t, cluster.Brokers(), rig.Options{Min: 10, Partitions: 3})
	s.Ensure(t)
	file := lines(t, messages, 100)
	p := rig.Spawn(t, "produce", s.Base, "-c", s.Path(), "--file", file)
	rig.AwaitWritten(t, s.Config.Brokers, s.Base, messages/10)
	t.Logf("a broker is killed %v after the start", time.Since(p.Began()).Round(time.Millisecond))
	if err := cluster.Node(0).Kill(); err != nil {
		t.Fatal(err)
	}
	settle(3 * time.Second)
	if err := cluster.Node(0).Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code := p.Wait(5 * time.Minute); code != 0 || !p.Says("1,000,000 messages delivered") {
		t.Fatalf("boostd produce exited with %d: %s", code, p.Output())
	}
	t.Logf("it took %v", p.Took().Round(time.Millisecond))
	rig.EachOnce(t, s.Config.Brokers, []string{s.Base}, messages)
}

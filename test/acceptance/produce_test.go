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
// sends the same messages and knows which line failed.
func TestProducingFromAFile(t *testing.T) {
	const messages, rounds = 1_000_000, 5
	for _, size := range []int{100, 1000} {
		s := rig.New(t, kafka, rig.Options{Min: 5, Partitions: 3})
		file := lines(t, messages, size)
		var ours, bare []float64
		for range rounds {
			p := rig.Spawn(t, "produce", s.Base, "-c", s.Path(), "--file", file)
			if code := p.Wait(5 * time.Minute); code != 0 || !p.Says("1,000,000 messages delivered") {
				t.Fatalf("boostd produce exited with %d: %s", code, p.Output())
			}
			ours = append(ours, messages/p.Took().Seconds())
			b := s.SpawnBareProduce(t, s.Topic(5), file)
			if code := b.Wait(5 * time.Minute); code != 0 || !b.Says("1000000 delivered, 0 failed") {
				t.Fatalf("the bare loop exited with %d: %s", code, b.Output())
			}
			bare = append(bare, messages/b.Took().Seconds())
		}
		slices.Sort(ours)
		slices.Sort(bare)
		ratio := ours[rounds/2] / bare[rounds/2]
		t.Logf("%d bytes: boostd %.0f messages/s, bare %.0f messages/s: %.2f", size, ours, bare, ratio)
		if ratio < 0.9 {
			t.Errorf("boostd is at %.2f of the bare loop, want at least 0.9", ratio)
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

package actors

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTurnsGoByLevel(t *testing.T) {
	turns := newTurns(11)
	turns.dispatched(9)
	turns.dispatched(3)
	if turns.mine(3) || !turns.mine(9) || !turns.mine(10) {
		t.Error("level 9 has not begun: 3 must wait, 9 and 10 must not")
	}
	turns.begun(9)
	if !turns.mine(3) {
		t.Error("level 9 has begun: 3 must not wait")
	}
}

func TestTurnsWakeThoseThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(11)
		turns.dispatched(9)
		begin, woken := time.Now(), make(chan time.Duration, 64)
		for range 64 {
			go func() {
				turns.await(3, turnPatience)
				woken <- time.Since(begin)
			}()
		}
		synctest.Wait()
		turns.begun(9)
		for range 64 {
			if after := <-woken; after != 0 {
				t.Fatalf("woken after %v, want at once", after)
			}
		}
		turns.dispatched(9)
		turns.await(3, turnPatience)
		if after := time.Since(begin); after != turnPatience {
			t.Errorf("gave up after %v, want %v", after, turnPatience)
		}
	})
}

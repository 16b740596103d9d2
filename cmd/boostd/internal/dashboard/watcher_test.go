package dashboard

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kafkaboost/boostd/console"
)

// puppet is a daemon that answers as it is told to.
type puppet struct {
	mu    sync.Mutex
	err   error
	hangs bool
}

func (p *puppet) become(err error, hangs bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err, p.hangs = err, hangs
}

func (p *puppet) Status(ctx context.Context) (*console.Status, error) {
	p.mu.Lock()
	err, hangs := p.err, p.hangs
	p.mu.Unlock()
	if hangs {
		select {
		case <-time.After(2 * time.Second):
			return nil, errors.New("it hangs")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return full(), err
}

// TestLiveView: one daemon's day, a tenth of a second behind the clock.
func TestLiveView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &puppet{}
		w := watcher{daemon: p, interval: time.Second, began: time.Now()}
		ctx, quit := context.WithCancel(t.Context())
		resized := make(chan os.Signal)
		var mu sync.Mutex
		var picture string
		draws := 0
		drawn := func() (string, int) {
			mu.Lock()
			defer mu.Unlock()
			return picture, draws
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.live(ctx, resized, func(lines func(int) []string) {
				mu.Lock()
				defer mu.Unlock()
				picture, draws = strings.Join(lines(120), "\n"), draws+1
			})
		}()
		expect := func(first string) {
			t.Helper()
			synctest.Wait()
			if got, _ := drawn(); !strings.HasPrefix(got, first) || !strings.Contains(got, "drains in") {
				t.Errorf("want a picture that begins %q, got\n%.300s", first, got)
			}
		}
		expect("boostd 1.2.3")
		time.Sleep(100 * time.Millisecond)
		p.become(errors.New("it has crashed"), false)
		time.Sleep(3 * time.Second)
		expect(" no answer for 3s  it has crashed\nboostd 1.2.3")
		p.become(nil, false)
		time.Sleep(time.Second)
		expect("boostd 1.2.3")
		p.become(nil, true)
		time.Sleep(1800 * time.Millisecond)
		_, before := drawn()
		resized <- syscall.SIGWINCH
		synctest.Wait()
		if _, n := drawn(); n != before+1 {
			t.Error("it follows no resize while the daemon hangs")
		}
		time.Sleep(600 * time.Millisecond)
		expect(" no answer for 2s")
		quit()
		<-ended
	})
}

func TestLiveViewBeforeTheFirstAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watcher{interval: time.Second, began: time.Now()}
		if got := w.lines(80, false); len(got) != 0 {
			t.Errorf("at once: %q", got)
		}
		w.take(answer{err: errors.New("nobody listens")})
		time.Sleep(4 * time.Second)
		if got := strings.Join(w.lines(80, false), "|"); got != " no answer for 4s  nobody listens" {
			t.Errorf("got %q", got)
		}
	})
}

// TestPages: no terminal, a page each interval, and nothing about the end.
func TestPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &puppet{}
		w := watcher{daemon: p, interval: time.Second, began: time.Now()}
		ctx, quit := context.WithCancel(t.Context())
		var out bytes.Buffer
		ended := make(chan error)
		go func() { ended <- w.pages(ctx, &out) }()
		time.Sleep(2500 * time.Millisecond)
		p.become(nil, true)
		time.Sleep(time.Second)
		quit()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if got := out.String(); strings.Count(got, "boostd 1.2.3") != 3 || strings.Contains(got, "no answer") || strings.Contains(got, "\x1b") {
			t.Errorf("got\n%s", got)
		}
	})
}

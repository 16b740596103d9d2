package main

import (
	"context"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/hashicorp/go-hclog"
)

// notifier tells systemd, or whoever made NOTIFY_SOCKET, how the daemon does
// (sd_notify(3)). Without such a socket it does nothing. Safe from any goroutine.
// The usual library looks into the environment at each call, from which the
// socket must go.
type notifier struct {
	socket   *net.UnixAddr // nil: nobody wants to know
	interval time.Duration // between two signs of life; zero: nobody waits for any
	logger   hclog.Logger
}

// newNotifier takes the socket and the watchdog's time out of the environment:
// handlers' programs inherit the rest of it, and must not speak for the daemon.
func newNotifier(logger hclog.Logger) *notifier {
	n := &notifier{logger: logger}
	if path := os.Getenv("NOTIFY_SOCKET"); path != "" {
		n.socket = &net.UnixAddr{Name: path, Net: "unixgram"}
	}
	usec, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if pid := os.Getenv("WATCHDOG_PID"); err == nil && usec > 0 && (pid == "" || pid == strconv.Itoa(os.Getpid())) {
		n.interval = time.Duration(usec) * time.Microsecond / 3
	}
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		_ = os.Unsetenv(name) // fails for no name of this form
	}
	return n
}

// Ready says that the start is over.
func (n *notifier) Ready() { n.send("READY=1") }

// Status sets the unit's status text, one line.
func (n *notifier) Status(text string) { n.send("STATUS=" + text) }

// Stopping says that the stop has begun.
func (n *notifier) Stopping() { n.send("STOPPING=1") }

// Watch gives signs of life until ctx ends, but only while live is nil: whoever
// waits for them restarts the daemon otherwise.
func (n *notifier) Watch(ctx context.Context, live func() error) {
	if n.interval == 0 {
		return
	}
	ticker := time.NewTicker(n.interval)
	defer ticker.Stop()
	for failed := false; ; {
		err := live()
		switch {
		case err == nil:
			n.send("WATCHDOG=1")
			if failed {
				n.logger.Info("signs of life for the watchdog again")
			}
		case !failed:
			n.logger.Error("no sign of life for the watchdog: the daemon is restarted if this lasts", "error", err)
		}
		failed = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (n *notifier) send(state string) {
	if n.socket == nil {
		return
	}
	conn, err := net.DialUnix(n.socket.Net, nil, n.socket)
	if err == nil {
		_, err = conn.Write([]byte(state))
		_ = conn.Close() // a datagram is sent, or not
	}
	if err != nil {
		n.logger.Warn("the service manager can't be told", "error", err)
	}
}

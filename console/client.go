package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrNoDaemon says that no daemon answers at the socket; the error that wraps it
// says why and what to do.
var ErrNoDaemon = errors.New("no answer from boostd")

// Client asks the daemon that listens on a socket. Safe from any goroutine.
type Client struct {
	socket string
	http   http.Client
	pid    atomic.Int64 // of the process that holds the socket, 0 unknown
}

// maxAnswer bounds an answer in bytes: 4,096 levels and 1,000 held messages.
const maxAnswer = 16 << 20

// Dial makes a client; it connects when something is asked.
func Dial(socket string) *Client {
	c := &Client{socket: socket}
	c.http.Transport = &http.Transport{
		DisableKeepAlives:  true, // the daemon has few connections to give
		DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			conn, err := d.DialContext(ctx, "unix", socket)
			if u, ok := conn.(*net.UnixConn); ok {
				if cred := credentials(u); cred != nil {
					c.pid.Store(int64(cred.Pid))
				}
			}
			return conn, err
		},
	}
	return c
}

// Status asks how the daemon does.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	var s Status
	if err := c.ask(ctx, patience, http.MethodGet, "/v1/status", nil, &s); err != nil {
		return nil, err
	}
	return &s, nil
}

// StatusJSON is the same as the daemon has written it, with what a newer one
// may say that this client doesn't know.
func (c *Client) StatusJSON(ctx context.Context) ([]byte, error) {
	var text json.RawMessage
	err := c.ask(ctx, patience, http.MethodGet, "/v1/status", nil, &text)
	return text, err
}

// Pause pauses a level by hand; By may be empty: the daemon knows who asks.
func (c *Client) Pause(ctx context.Context, p PauseRequest) (Pause, error) {
	body := pauseBody{By: p.By, Why: p.Why}
	if p.For != 0 {
		body.For = p.For.String()
	}
	var done Pause
	err := c.ask(ctx, patience, http.MethodPost, levelPath(p.Level, "pause"), body, &done)
	return done, err
}

// Resume ends a level's pause. The error wraps ErrNotFound when there was none.
func (c *Client) Resume(ctx context.Context, level int, by string) error {
	return c.ask(ctx, patience, http.MethodPost, levelPath(level, "resume"), map[string]string{"by": by}, nil)
}

func levelPath(level int, what string) string {
	return "/v1/levels/" + strconv.Itoa(level) + "/" + what
}

// Reload makes the daemon read its settings at once. The error is why it refused
// them.
func (c *Client) Reload(ctx context.Context) (Reloaded, error) {
	var r Reloaded
	err := c.ask(ctx, reloadPatience, http.MethodPost, "/v1/settings/reload", nil, &r)
	return r, err
}

// LogLevels are the levels of the daemon's loggers.
func (c *Client) LogLevels(ctx context.Context) (map[string]string, error) {
	var levels map[string]string
	err := c.ask(ctx, patience, http.MethodGet, "/v1/loglevels", nil, &levels)
	return levels, err
}

// SetLogLevel changes one of them; the room "" stands for all without their own.
func (c *Client) SetLogLevel(ctx context.Context, room, level string) error {
	return c.ask(ctx, patience, http.MethodPost, "/v1/loglevels", map[string]string{"room": room, "level": level}, nil)
}

// ask sends one request, which the daemon answers within patience or not at all,
// and reads the answer into v, if that isn't nil.
func (c *Client) ask(ctx context.Context, patience time.Duration, method, path string, body, v any) error {
	asker := ctx
	ctx, cancel := context.WithTimeout(ctx, patience+grace)
	defer cancel()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("ask boostd: %w", err)
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://boostd"+path, content)
	if err != nil {
		return fmt.Errorf("ask boostd: %w", err)
	}
	response, err := c.http.Do(r)
	var text []byte
	if err == nil {
		defer response.Body.Close()
		text, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	}
	switch {
	case err == nil:
		if !strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
			return &told{fmt.Sprintf("what answers on %s doesn't know %s %s: it is another program, or a boostd of another version", c.socket, method, path), ErrNoDaemon}
		}
		return read(response.StatusCode, text, v)
	case asker.Err() != nil:
		return fmt.Errorf("ask boostd: %w", context.Cause(asker))
	}
	return c.why(err, patience+grace)
}

// read takes an answer apart.
func read(code int, text []byte, v any) error {
	if code != http.StatusOK {
		var f failure
		if json.Unmarshal(text, &f) != nil || f.Error == "" {
			f.Error = fmt.Sprintf("boostd answers with code %d", code)
		}
		switch code {
		case http.StatusNotFound:
			return &told{f.Error, ErrNotFound}
		case http.StatusServiceUnavailable:
			return &told{f.Error, ErrNoDaemon}
		}
		return errors.New(f.Error)
	}
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("read the answer of boostd, which may be of another version: %w", err)
	}
	return nil
}

// told is an error whose text is for people as it stands; what it is for a
// program, is kept beside.
type told struct {
	text string
	what error
}

func (e *told) Error() string { return e.text }
func (e *told) Unwrap() error { return e.what }

// why says what keeps the daemon from answering, and what to do.
func (c *Client) why(err error, waited time.Duration) error {
	holder := "a program"
	if pid := c.pid.Load(); pid > 0 {
		holder = "the boostd with process id " + strconv.FormatInt(pid, 10)
	}
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err
	}
	var text string
	switch {
	case errors.Is(err, syscall.EAGAIN): // which counts as a timeout too
		text = fmt.Sprintf("the boostd that holds %s takes no more connections: it hangs or is stopped", c.socket)
	case errors.Is(err, context.DeadlineExceeded) || os.IsTimeout(err):
		text = fmt.Sprintf("%s holds %s and doesn't answer within %v: it hangs or is stopped", holder, c.socket, waited)
	case len(c.socket) > maxPath:
		text = fmt.Sprintf("%s has more than %d bytes: no socket can have this path", c.socket, maxPath)
	case errors.Is(err, fs.ErrNotExist):
		text = fmt.Sprintf("no boostd runs here with control: %s; start it, or name its socket with --control", c.socket)
	case errors.Is(err, syscall.ECONNREFUSED) && !isSocket(c.socket):
		text = fmt.Sprintf("%s is no socket: name boostd's with --control", c.socket)
	case errors.Is(err, syscall.ECONNREFUSED):
		text = fmt.Sprintf("nobody listens on %s: the boostd that made it has crashed or was killed; start it again", c.socket)
	case errors.Is(err, fs.ErrPermission):
		text = fmt.Sprintf("no permission to use %s: it is for its owner and the group %s; become a member, or use sudo", c.socket, Group)
	case !dialing(err):
		text = fmt.Sprintf("%s, which holds %s, has given no answer: it stops, has crashed, or isn't a boostd: %v", holder, c.socket, err)
	default:
		text = fmt.Sprintf("ask boostd on %s: %v", c.socket, err)
	}
	return &told{text, ErrNoDaemon}
}

func dialing(err error) bool {
	var o *net.OpError
	return errors.As(err, &o) && o.Op == "dial"
}

func isSocket(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Type() == fs.ModeSocket
}

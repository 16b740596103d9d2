package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// necessary is how many of the first cases must be well for the others to make sense.
const necessary = 3

func beginning() []testCase {
	return []testCase{
		{"it starts and prints its handshake within 10 s", tryHandshake},
		{"health says that it is serving", tryHealth},
		{"Start is answered", tryStart},
	}
}

func tryHandshake(ctx context.Context, s *suite) error {
	path, err := program(s.Path)
	if err != nil {
		return err
	}
	s.Path = path
	s.t, err = start(ctx, path, s.Args)
	if err == nil {
		return s.t.handshake()
	}
	s.ended = true
	return s.t.explain(err)
}

// program is the absolute path of an executable file.
func program(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find plugin: %w", err)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", wrong("build it first, and give the path of the program", "there is no %s: %v", path, err)
	case info.IsDir():
		return "", wrong("give the path of the program in it", "%s is a folder", path)
	case info.Mode()&0o111 == 0:
		return "", wrong("chmod +x "+path, "%s isn't executable", path)
	}
	return path, nil
}

// explain says what kept a plugin from starting.
func (t *target) explain(err error) error {
	if t == nil || !t.process.begun() {
		return wrong("it must be a program, or a script whose first line names its interpreter by its whole path", "%v", err)
	}
	dead := t.settle()
	said, _, _ := strings.Cut(t.process.said.String(), "\n")
	switch {
	case said != "" && !strings.HasPrefix(said, "1|"):
		return wrong("print nothing to standard output before the handshake: logs go to standard error", "the first line on standard output is %.200q", said)
	case dead != nil && t.process.cmd.ProcessState.ExitCode() == 64:
		return wrong(fmt.Sprintf("compare %s with %s, and end with a word of advice only when it is another", wire.Cookie, wire.CookieValue),
			"it takes this for a start by hand: %v", dead)
	case dead != nil:
		return wrong("see what it says below; boostd gives it only PATH, HOME, LANG and TZ", "%v before the handshake", dead)
	case said == "":
		return wrong("listen on a Unix socket first, and print 1|1|unix|/path/of/the/socket|grpc| at once then; flush it", "no handshake within %v", startTime)
	default:
		return wrong("the line must be 1|1|unix|/path/of/the/socket|grpc|", "the handshake %.200q: %v", said, err)
	}
}

// settle ends a process that go-plugin has given up, and says how it ended if it did so
// by itself.
func (t *target) settle() error {
	t.mayEnd()
	dead := t.alive()
	t.process.Kill(context.Background()) //nolint:errcheck // it has no error
	return dead
}

func tryHealth(ctx context.Context, s *suite) error {
	const advice = `serve grpc.health.v1.Health, and set the service "` + wire.Service + `" to SERVING before the handshake`
	r, err := grpc_health_v1.NewHealthClient(s.t.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: wire.Service})
	if err != nil {
		return wrong(advice, "health isn't answered: %v", err)
	}
	if r.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		return wrong(advice, "health is %s", r.GetStatus())
	}
	return nil
}

func tryStart(ctx context.Context, s *suite) error { return s.t.startHandler(ctx, s.Settings) }

// startHandler calls Start as boostd does.
func (t *target) startHandler(ctx context.Context, settings map[string]string) error {
	r, err := t.handler.Start(ctx, &wire.StartRequest{Handler: "check", Boostd: "check", Slots: slots, Settings: settings})
	switch {
	case err == nil && (!short(r.GetName()) || !short(r.GetVersion()) || !short(r.GetSdk())):
		return wrong("they are shown in a table: keep them short", "name, version or sdk has more than 200 bytes")
	case err == nil:
		return nil
	case status.Code(err) == codes.Unimplemented:
		return wrong("serve boostd.handler.v1.Handler, as handler.proto has it", "Start isn't there: %v", err)
	case interrupted(err):
		return wrong("answer Start, if need be with an error", "Start isn't answered: %v", err)
	}
	return wrong("give it what it needs with --settings KEY=VALUE", "Start refuses the work: %s", status.Convert(err).Message())
}

func short(text string) bool { return len(text) <= 200 }

// slots is what the plugin is told, and as many batches are under way at most.
const slots = 64

// interrupted is an error of the connection, and not of the plugin.
func interrupted(err error) bool {
	code := status.Code(err)
	return code == codes.Unavailable || code == codes.DeadlineExceeded || code == codes.Canceled || errors.Is(err, context.DeadlineExceeded)
}

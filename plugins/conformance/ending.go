package conformance

import (
	"context"
	"errors"
	"maps"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc/status"

	"github.com/kafkaboost/boostd/plugins/wire"
)

// ending are the cases that end the plugin, each its own.
func ending() []testCase {
	return []testCase{
		{"SIGINT doesn't end it", tryInterrupt},
		{"SIGTERM ends it within 2 s", tryTerminate},
		{"it leaves no processes and no sockets", tryLeftovers},
		{"settings that it doesn't know are answered", tryUnknownSettings},
	}
}

// tryInterrupt is the Ctrl-C in boostd's terminal, which is for boostd.
func tryInterrupt(ctx context.Context, s *suite) error {
	s.t.process.signal(syscall.SIGINT)
	s.t.mayEnd()
	if err := tryMessages(&wire.Message{})(ctx, s); err != nil {
		err = wrong("ignore SIGINT: a Ctrl-C in the terminal is for boostd, which lets the plugin finish", "after SIGINT: %v", err)
		return errors.Join(err, s.restart(ctx, s.Settings))
	}
	return nil
}

func tryTerminate(_ context.Context, s *suite) error {
	s.ended = true
	s.t.process.signal(syscall.SIGTERM)
	select {
	case <-s.t.process.exited:
		return nil
	case <-time.After(killAfter):
		return wrong("end at SIGTERM: boostd sends SIGKILL two seconds later", "it still runs %v after SIGTERM", killAfter)
	}
}

// tryLeftovers looks at what the last case has left.
func tryLeftovers(_ context.Context, s *suite) error {
	if s.t.alive() == nil {
		return wrong("end at SIGTERM first", "it still runs")
	}
	if left := s.t.process.group(); len(left) > 0 {
		return wrong("end the processes that the plugin has started before it ends", "processes are left: %s", strings.Join(left, ", "))
	}
	if left := s.t.sockets(); len(left) > 0 {
		return wrong("remove the socket at the end", "left in PLUGIN_UNIX_SOCKET_DIR: %s", strings.Join(left, ", "))
	}
	return nil
}

// tryUnknownSettings doesn't mind a refusal: that is a good answer, too.
func tryUnknownSettings(ctx context.Context, s *suite) error {
	s.end()
	t, err := start(ctx, s.Path, s.Args)
	s.t = t
	if err != nil {
		return err
	}
	settings := map[string]string{"boostd_check_unknown": "1", "": "", "ü": "\n"}
	maps.Copy(settings, s.Settings)
	_, err = t.handler.Start(ctx, &wire.StartRequest{Handler: "check", Slots: slots, Settings: settings})
	switch {
	case interrupted(err):
		return wrong("answer Start, if need be with an error", "Start isn't answered: %v", err)
	case err != nil && status.Convert(err).Message() == "":
		return wrong("say what is wrong: people see it", "Start refuses the work without a text (%s)", status.Code(err))
	}
	s.ended = err != nil // a refusal may be an end
	return nil
}

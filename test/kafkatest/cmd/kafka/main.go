// Command kafka runs the test cluster by hand: start leaves it running in the
// background and prints its addresses, stop ends it.
//
// It owns the background process and its state directory, nothing of Kafka:
// that is kafkatest's. One cluster runs per state directory.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/kafkaboost/boostd/test/kafkatest"
)

const usage = `usage: kafka start [-nodes 1|3] [-secure] [-fast] [-state DIR]
       kafka stop [-state DIR]
`

// Exit codes, as boostd's own.
const (
	exitFailed = 1
	exitUsage  = 64
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// settings are the flags of all subcommands.
type settings struct {
	kafkatest.Options
	state string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	var do func(context.Context, settings, io.Writer) error
	switch args[0] {
	case "start":
		do = start
	case "stop":
		do = stop
	case "serve": // what start runs in the background
		do = serve
	default:
		fmt.Fprintf(stderr, "kafka: no subcommand %q\n%s", args[0], usage)
		return exitUsage
	}
	s, err := parse(args[1:], stderr)
	if err != nil {
		return exitUsage
	}
	if err := do(ctx, s, stdout); err != nil {
		fmt.Fprintf(stderr, "kafka: %v\n", err)
		return exitFailed
	}
	return 0
}

// parse prints its errors itself, as package flag does.
func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("kafka", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage) }
	flags.IntVar(&s.Nodes, "nodes", 1, "1 or 3")
	flags.BoolVar(&s.Security, "secure", false, "add SASL and TLS listeners")
	flags.BoolVar(&s.FastFailover, "fast", false, "notice a dead node after 2 s")
	flags.StringVar(&s.state, "state", "", "state directory")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "kafka: unexpected argument %q\n%s", flags.Arg(0), usage)
		return s, flag.ErrHelp
	}
	if s.state != "" {
		return s, nil
	}
	cache, err := kafkatest.CacheDir()
	if err != nil {
		fmt.Fprintf(stderr, "kafka: %v\n", err)
		return s, err
	}
	s.state = filepath.Join(cache, "by-hand")
	return s, nil
}

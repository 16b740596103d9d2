package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/kafkaio/embedded"
)

func newBroker() *cobra.Command {
	var o embedded.Options
	var untilEOF bool
	c := &cobra.Command{
		Use:   "broker --listen ADDR",
		Short: "Run the embedded broker alone, for trying out",
		Long: "Run an embedded Kafka broker for trying out: one node, one replica, no limits, nothing checked.\n" +
			"Without --data it keeps everything in memory. It is no replacement for Kafka.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			broker, err := embedded.Start(o)
			if err != nil {
				return err
			}
			defer broker.Close()
			fmt.Fprintf(c.OutOrStdout(), "listening on %s\n", broker.Addr())
			awaitEnd(untilEOF)
			return nil
		},
	}
	c.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:9092", "host:port; port 0 picks a free one")
	c.Flags().StringVar(&o.Dir, "data", "", "directory that keeps topics and messages over restarts")
	c.Flags().BoolVar(&untilEOF, "until-eof", false, "end when standard input ends, as a child process does with its parent")
	return c
}

func awaitEnd(untilEOF bool) {
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt, syscall.SIGTERM)
	if untilEOF {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // however it ends, the parent is gone
			end <- os.Interrupt
		}()
	}
	<-end
}

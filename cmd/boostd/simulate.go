package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/cmd/boostd/internal/simulation"
	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/scheduler/sim"
)

func newSimulate() *cobra.Command {
	var asJSON, example bool
	var plot, measure string
	var seed uint64
	c := &cobra.Command{
		Use:   "simulate FILE",
		Short: "Say what wait each level will see with a load and settings, and whether one starves",
		Long: "Say what wait each level will see with a load and settings, and whether one starves. The scheduler's own core\n" +
			"decides, in virtual time: no broker and no handler is needed, and the same seed gives the same result. FILE is\n" +
			"YAML, - is standard input; --example prints one that runs, with every key explained.",
		Example: "  boostd simulate --example > load.yaml\n  boostd simulate load.yaml --plot waits.svg\n" +
			"  boostd simulate --measure audit.jsonl",
		Args: func(c *cobra.Command, args []string) error {
			if example || measure != "" {
				return noArgs(c, args)
			}
			return oneFile(c, args)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	c.Flags().BoolVar(&example, "example", false, "print an example of FILE and do nothing else")
	c.Flags().StringVar(&measure, "measure", "", "print the times of an audit's handler and fetches, as keys of FILE, and do nothing else")
	c.Flags().StringVar(&plot, "plot", "", "write a plot of the waits to this file, as SVG; one that exists is overwritten")
	c.Flags().Uint64Var(&seed, "seed", 0, "another seed than the file's")
	c.MarkFlagsMutuallyExclusive("example", "measure", "json")
	c.RunE = func(c *cobra.Command, args []string) error {
		if example {
			_, err := c.OutOrStdout().Write(simulation.Example)
			return err
		}
		if measure != "" {
			return simulation.Measure(c.OutOrStdout(), measure)
		}
		f, err := simulation.Read(c.InOrStdin(), args[0])
		if problems, ok := errors.AsType[conf.Problems](err); ok {
			fmt.Fprintln(c.ErrOrStderr(), problems)
			return fmt.Errorf("%s is no load to simulate; see: boostd simulate --example", args[0])
		}
		if err != nil {
			return err
		}
		if c.Flags().Changed("seed") {
			f.SetSeed(seed)
		}
		report, err := simulate(f)
		if err != nil {
			return err
		}
		if plot != "" {
			if err := os.WriteFile(plot, report.Plot(), 0o644); err != nil { //nolint:gosec // a picture for anybody
				return fmt.Errorf("write plot: %w", err)
			}
		}
		if asJSON {
			return printJSON(c.OutOrStdout(), report.Document())
		}
		return report.Table(c.OutOrStdout())
	}
	return c
}

func simulate(f *simulation.File) (*simulation.Report, error) {
	config, err := f.Config()
	if err != nil {
		return nil, err
	}
	result, err := sim.Run(config)
	if err != nil {
		return nil, err
	}
	return simulation.NewReport(config, result), nil
}

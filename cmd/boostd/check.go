package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

const (
	// checkReach is how long brokers may take to let us in, checkAsk how long all
	// questions may take then.
	checkReach = 5 * time.Second
	checkAsk   = 20 * time.Second
)

// checkReport is what `config check` prints with --json.
type checkReport struct {
	Config string `json:"config"`
	// Reached says whether a broker let us in; without that there is no Access.
	Reached bool            `json:"reached"`
	Access  *kafkaio.Access `json:"access,omitempty"`
	// SettingsProblem is why only base topics were looked at.
	SettingsProblem string `json:"settings_problem,omitempty"`
	// Problems are what `run` would lack.
	Problems []string `json:"problems"`
}

func newConfigCheck() *cobra.Command {
	var asJSON bool
	var load func() (conf.Loaded, error)
	c := &cobra.Command{
		Use:   "check -c boostd.yaml",
		Short: "Connect and say what boostd may and may not do",
		Long: "Connect to the brokers of boostd.yaml and say what is there and what is allowed: brokers, the topics\n" +
			"and groups that boostd would use, and how far behind the groups are. Nothing is changed.\n" +
			"It exits 0 when `run` has all that it needs, 1 when something is missing, 69 when no broker lets it in.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			loaded, err := load()
			if err != nil {
				return err
			}
			printWarnings(c.ErrOrStderr(), loaded.Warnings)
			report, err := check(c.Context(), loaded.File)
			if printErr := report.print(c.OutOrStdout(), asJSON); err == nil {
				err = printErr
			}
			if n := len(report.Problems); err == nil && n > 0 {
				err = fmt.Errorf("%d of what `run` needs is missing", n)
			}
			return err
		},
	}
	load = configFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON document")
	return c
}

// check connects and asks. Its error is that it couldn't.
func check(ctx context.Context, file *conf.File) (checkReport, error) {
	report := checkReport{Config: file.Path, Problems: []string{}}
	admin, err := kafkaio.NewAdmin(file.Kafka)
	if err != nil {
		return report, exitError{exitConfig, err}
	}
	defer admin.Close()
	reach, cancel := context.WithTimeout(ctx, checkReach)
	defer cancel()
	if err := admin.Connect(reach); err != nil {
		report.Problems = append(report.Problems, err.Error())
		return report, exitError{exitUnreachable, err}
	}
	report.Reached = true
	topics, groups, partitions, err := wanted(ctx, file)
	if err != nil {
		report.SettingsProblem = err.Error()
		report.Problems = append(report.Problems, err.Error())
	}
	ask, cancel := context.WithTimeout(ctx, checkAsk)
	defer cancel()
	letters := file.DeadLetters()
	for n, base := range letters {
		letters[n] = priority.DeadLetterTopic(base)
	}
	if report.Access, err = admin.Access(ask, append(topics, letters...), groups); err != nil {
		return report, err
	}
	report.Problems = append(report.Problems, report.Access.Problems(file.Kafka, partitions, letters, unread(topics, groups))...)
	return report, nil
}

// unread are the topics that no group of this instance reads: kafka.only_levels
// leaves them to others.
func unread(topics []string, groups map[string][]string) []string {
	return slices.DeleteFunc(slices.Clone(topics), func(topic string) bool {
		for _, read := range groups {
			if slices.Contains(read, topic) {
				return true
			}
		}
		return false
	})
}

// wanted are the topics that a daemon would see to, the groups that it would join
// with the topics of each, and how many partitions the levels' topics should have.
// On an error they are the base topics' alone.
func wanted(ctx context.Context, file *conf.File) (topics []string, groups map[string][]string, partitions map[string]int, err error) {
	topics, partitions = slices.Sorted(maps.Keys(file.Topics)), map[string]int{}
	groups = map[string][]string{}
	if file.Kafka.Consumes("base") {
		groups[priority.BaseGroup(file.Kafka.Group)] = slices.Clone(topics)
	}
	data, path, err := readSettings(ctx, file)
	if err != nil {
		return topics, groups, partitions, fmt.Errorf("settings are not readable, so that only base topics are checked: %w", err)
	}
	settings, _, err := priority.Parse(data)
	if err != nil {
		return topics, groups, partitions, fmt.Errorf("settings %s are not usable, so that only base topics are checked: %w", path, err)
	}
	for _, p := range settings.Plan(topics) {
		topics, partitions[p.Name] = append(topics, p.Name), p.Partitions
		if file.Kafka.Consumes(strconv.Itoa(int(p.Level))) {
			group := priority.LevelGroup(file.Kafka.Group, p.Level)
			groups[group] = append(groups[group], p.Name)
		}
	}
	return topics, groups, partitions, nil
}

func (r checkReport) print(to io.Writer, asJSON bool) error {
	if asJSON {
		return printJSON(to, r)
	}
	if !r.Reached {
		return nil // the error says it all
	}
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	if a := r.Access; a != nil {
		fmt.Fprintf(w, "cluster %s, %d brokers, controller %d\n\n", a.Cluster, len(a.Brokers), a.Controller)
		fmt.Fprintln(w, "BROKER\tADDRESS\tUSABLE")
		for _, b := range a.Brokers {
			fmt.Fprintf(w, "%d\t%s\t%s\n", b.ID, b.Address, yes(b.Problem == ""))
		}
		fmt.Fprintln(w, "\nTOPIC\tEXISTS\tPARTITIONS\tDESCRIBE\tREAD\tWRITE\tCREATE")
		for _, t := range a.Topics {
			create := yes(t.Create)
			if t.Exists {
				create = "-"
			}
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", t.Name, yes(t.Exists), t.Partitions, yes(t.Describe), yes(t.Read), yes(t.Write), create)
		}
		fmt.Fprintln(w, "\nGROUP\tDESCRIBE\tJOIN\tMEMBERS\tLAG")
		for _, g := range a.Groups {
			lag := "unknown"
			if g.Lag >= 0 {
				lag = strconv.FormatInt(g.Lag, 10)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\n", g.Name, yes(g.Describe), yes(g.Join), g.Members, lag)
		}
		fmt.Fprintln(w)
	}
	for _, p := range r.Problems {
		fmt.Fprintf(w, "missing: %s\n", p)
	}
	if len(r.Problems) == 0 {
		fmt.Fprintln(w, "nothing is missing")
	}
	return w.Flush()
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

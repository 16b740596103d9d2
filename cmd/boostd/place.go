package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/conf"
	"github.com/kafkaboost/boostd/configwatch"
	"github.com/kafkaboost/boostd/kafkaio"
	"github.com/kafkaboost/boostd/priority"
)

// place is where a command works that needs no daemon: brokers and a settings
// document, from boostd.yaml or named one by one.
type place struct {
	// file is boostd.yaml, nil without one.
	file  *conf.File
	kafka kafkaio.Config
	// path and text are the settings document's, settings what it means.
	path     string
	text     []byte
	settings *priority.Settings
	warnings []priority.Problem
}

// placeFlags adds the flags that say where a command works, and returns what
// reads the place: -c names boostd.yaml, --settings another document than its
// own. With brokers, --brokers names others, too, and without -c both are needed;
// without brokers --settings is enough.
func placeFlags(c *cobra.Command, brokers bool) func() (*place, error) {
	settings := c.Flags().String("settings", "", "the settings document, instead of the configuration's")
	addresses := new([]string)
	if brokers {
		addresses = c.Flags().StringSlice("brokers", nil, "bootstrap addresses, instead of the configuration's")
	}
	load := configFlags(c)
	return func() (*place, error) {
		p := &place{path: *settings}
		switch {
		case c.Flags().Changed("config"):
			if err := p.load(c, load); err != nil {
				return nil, err
			}
		case c.Flags().Changed("set"):
			return nil, usage("--set changes what -c names, and there is no -c\nsee: %s --help", c.CommandPath())
		case *settings == "" || brokers && len(*addresses) == 0:
			return nil, usage("name the configuration with -c boostd.yaml, or %s\nsee: %s --help", instead(brokers), c.CommandPath())
		}
		if len(*addresses) > 0 {
			p.kafka.Brokers = *addresses
		}
		return p, p.read(c.Context())
	}
}

// load reads boostd.yaml.
func (p *place) load(c *cobra.Command, load func() (conf.Loaded, error)) error {
	loaded, err := load()
	if err != nil {
		return err
	}
	printWarnings(c.ErrOrStderr(), loaded.Warnings)
	p.file, p.kafka = loaded.File, loaded.File.Kafka
	return nil
}

// brokerFlags are placeFlags for a command that needs no settings document.
func brokerFlags(c *cobra.Command) func() (*place, error) {
	addresses := c.Flags().StringSlice("brokers", nil, "bootstrap addresses, instead of the configuration's")
	load := configFlags(c)
	return func() (*place, error) {
		p := &place{}
		switch {
		case c.Flags().Changed("config"):
			if err := p.load(c, load); err != nil {
				return nil, err
			}
		case c.Flags().Changed("set"):
			return nil, usage("--set changes what -c names, and there is no -c\nsee: %s --help", c.CommandPath())
		case len(*addresses) == 0:
			return nil, usage("name the configuration with -c boostd.yaml, or the brokers with --brokers\nsee: %s --help", c.CommandPath())
		}
		if len(*addresses) > 0 {
			p.kafka.Brokers = *addresses
		}
		p.kafka.SetDefaults()
		return p, nil
	}
}

func instead(brokers bool) string {
	if brokers {
		return "--brokers and --settings"
	}
	return "the document with --settings FILE"
}

// read reads the settings document. A broken one is shown with every problem.
func (p *place) read(ctx context.Context) (err error) {
	if p.path != "" {
		p.text, err = configwatch.ReadFile(p.path)
	} else {
		p.text, p.path, err = readSettings(ctx, p.file)
	}
	if err != nil {
		return err
	}
	p.settings, p.warnings, err = priority.Parse(p.text)
	if problems, ok := errors.AsType[priority.Problems](err); ok {
		lines := make([]string, len(problems))
		for n, problem := range problems {
			lines[n] = placed(p.path, problem)
		}
		return fmt.Errorf("settings are not usable\n%s", strings.Join(lines, "\n"))
	}
	return err
}

// readSettings reads the document that boostd.yaml names, and says where it is.
func readSettings(ctx context.Context, file *conf.File) (text []byte, path string, err error) {
	source, err := configwatch.Open(file.Settings, filepath.Dir(file.Path), hclog.NewNullLogger())
	if err != nil {
		return nil, "", exitError{exitConfig, err}
	}
	v, err := source.Read(ctx, true)
	return v.Data, v.Place, errors.Join(err, source.Close())
}

// placed is a document's problem as editors and other programs read it.
func placed(path string, p priority.Problem) string {
	if p.Line == 0 {
		return path + ": " + p.String()
	}
	return path + ":" + p.String()
}

const (
	// placeReach is how long brokers may take to let a command in, placeWork how
	// long everything else may take.
	placeReach = 4500 * time.Millisecond
	placeWork  = time.Minute
)

// connect reaches the brokers. The caller closes the client.
func (p *place) connect(ctx context.Context) (*kafkaio.Admin, error) {
	admin, err := kafkaio.NewAdmin(p.kafka)
	if err != nil {
		return nil, exitError{exitConfig, err}
	}
	reach, cancel := context.WithTimeout(ctx, placeReach)
	defer cancel()
	if err := admin.Connect(reach); err != nil {
		admin.Close()
		return nil, exitError{exitUnreachable, err}
	}
	return admin, nil
}

// withBrokers connects and calls do, whose context has a deadline.
func (p *place) withBrokers(ctx context.Context, do func(ctx context.Context, admin *kafkaio.Admin) error) error {
	admin, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer admin.Close()
	ctx, cancelAll := context.WithTimeout(ctx, placeWork)
	defer cancelAll()
	return do(ctx, admin)
}

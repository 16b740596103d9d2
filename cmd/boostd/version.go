package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/kafkaboost/boostd/kafkaio"
)

// version is set by the build: -ldflags "-X main.version=1.2.3".
var version = "development"

// versionReport is what `version --json` prints.
type versionReport struct {
	Version    string `json:"version"`
	Revision   string `json:"revision,omitempty"` // the commit, where it is known; +dirty when files had changed
	Built      string `json:"built,omitempty"`    // the commit's time, RFC 3339: a build from the same commit has the same bytes
	Go         string `json:"go"`
	Platform   string `json:"platform"` // operating system/architecture
	Librdkafka string `json:"librdkafka"`
}

func newVersion() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			r := reportVersion(debug.ReadBuildInfo())
			if asJSON {
				return printJSON(c.OutOrStdout(), r)
			}
			return r.print(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return c
}

// reportVersion takes from info what Go noted of the build, where it did.
func reportVersion(info *debug.BuildInfo, known bool) versionReport {
	r := versionReport{
		Version:    version,
		Go:         runtime.Version(),
		Platform:   runtime.GOOS + "/" + runtime.GOARCH,
		Librdkafka: kafkaio.LibraryVersion(),
	}
	if !known {
		return r
	}
	dirty := ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			r.Revision = s.Value
		case "vcs.time":
			r.Built = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "+dirty"
			}
		}
	}
	if r.Revision != "" {
		r.Revision += dirty
	}
	return r
}

func (r versionReport) print(to io.Writer) error {
	revision := ""
	if len(r.Revision) >= 12 {
		revision = " " + r.Revision[:12]
	}
	_, err := fmt.Fprintf(to, "boostd %s%s (%s, %s, librdkafka %s)\n", r.Version, revision, r.Go, r.Platform, r.Librdkafka)
	if err != nil {
		return fmt.Errorf("print version: %w", err)
	}
	return nil
}

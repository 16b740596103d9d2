package main

import "github.com/spf13/cobra"

func newHandlersNew() *cobra.Command { return &cobra.Command{Use: "new"} }

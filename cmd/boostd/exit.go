package main

import (
	"errors"
	"fmt"
)

// Exit codes, the same in every command and in the README.
const (
	exitDone        = 0
	exitFailed      = 1  // failed, or a mismatch
	exitUsage       = 64 // wrong usage
	exitUnreachable = 69 // no broker answers, or no daemon
	exitUnclean     = 70 // stopped uncleanly
	exitConfig      = 78 // invalid boostd.yaml, or its kafka.instance is taken
)

// exitError is an error that knows the exit code it comes to.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string { return e.err.Error() }
func (e exitError) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return exitError{exitUsage, fmt.Errorf(format, args...)}
}

func codeOf(err error) int {
	var e exitError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &e):
		return e.code
	default:
		return exitFailed
	}
}

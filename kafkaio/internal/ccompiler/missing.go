//go:build !cgo

package ccompiler

var _ = boostd_needs_a_C_compiler__install_gcc_and_leave_CGO_ENABLED_unset

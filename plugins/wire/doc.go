// Package wire is the protocol between boostd and a plugin: handler.proto, what is
// generated from it, and what both sides of a Go connection have in common.
//
// It owns the protocol's words and limits, and no behaviour: boostd's side is in
// package plugins, a plugin's in plugins/sdk. `make proto` generates it anew.
package wire

// What the two sides find each other by.
const (
	// Cookie is the environment variable that says, with CookieValue, that boostd has
	// started the process.
	Cookie      = "BOOSTD_PLUGIN"
	CookieValue = "8f1c6be2a5d94c07"
	// Version is the protocol's.
	Version = 1
	// Service is the plugin's name in grpc.health.v1.Health.
	Service = "plugin"
	// MaxFrame is how long a message of the protocol may be, in bytes.
	MaxFrame = 64 << 20
	// MaxStacks is how much of StacksReply's text is kept, in bytes.
	MaxStacks = 256 << 10
)

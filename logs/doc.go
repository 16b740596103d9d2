// Package logs makes the daemon's loggers: text on a terminal, JSON elsewhere,
// journald's priorities under systemd, and a level for each room that can be
// changed while the daemon runs.
//
// It owns the form of a line and who is heard; what is said is the rooms'.
package logs

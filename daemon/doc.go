// Package daemon is the wiring and the life of boostd: it turns boostd.yaml and
// the settings document into sources, handlers and an engine, starts them in
// order, and stops them within a budget.
//
// It owns the order of things and nothing else: what a room's section means is
// the room's, what runs next is the scheduler's. It is importable, so that tests
// run a whole daemon in their own process; it touches no signal, flag, standard
// stream or exit code: those are the command's.
package daemon

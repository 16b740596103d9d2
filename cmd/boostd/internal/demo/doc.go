// Package demo is `boostd demo`: a broker, a load and a whole daemon on one
// machine, watched while it runs and judged at the end.
//
// It owns the load and its size, the order of the run, the view of it and the
// clearing away: child process, temporary files, and on a cluster that somebody
// else owns the topics and groups. It owns no judgement, which is audit/verdict's
// over the producer's ledger and the audit, and nothing of the daemon, which it
// runs as `boostd run` does.
package demo

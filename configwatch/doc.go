// Package configwatch knows where the settings document comes from, and when to
// look for another version of it.
//
// It owns the sources' addresses, the reading of one version of the document,
// bounded in size and time, and the pace of looking. It owns neither the
// document's meaning, which is the priority package's, nor what happens when it
// changes, which is the daemon's.
package configwatch

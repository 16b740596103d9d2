// Package configwatch knows where the settings document comes from.
//
// It owns the sources' addresses and the reading of one version of the
// document, bounded in size. It owns neither the document's meaning, which is
// the priority package's, nor what happens when it changes.
package configwatch

// Package priority is the one place that knows the settings document and what
// priority a message has: parsing and validating the document, resolving a
// message's level, the names of topics and groups, and the plan of topics that
// the settings ask for.
//
// It is pure: it owns no file, network, clock or logger. Producers and
// consumers share its Resolver, so that both sides always agree.
package priority

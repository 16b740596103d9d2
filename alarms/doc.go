// Package alarms is pure: which things are wrong now, since when, and which of
// them have just begun or ended.
//
// It owns the kinds, their texts, and the judgement that takes time (backlog
// without progress). It doesn't look at anything: the daemon says each second
// what is, as Conditions and a Picture, and logs what begins and ends.
package alarms

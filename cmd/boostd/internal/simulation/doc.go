// Package simulation reads what `boostd simulate` is to simulate, and shows what
// comes of it.
//
// It owns the form of the file, recorded audits as a load, the table, the JSON
// document and the plot. It owns no model: scheduler/sim has that.
package simulation

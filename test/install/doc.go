// Package install tests how boostd comes onto a machine, lives there under
// systemd, and goes: the unit file, make install, and the Debian package with
// the real dpkg and the real systemd.
//
// It owns machines to try that on: the root of this one, with all changes kept
// in memory and thrown away, in namespaces of its own. Nothing of the machine
// that runs the tests changes. What the daemon does is the other tests' business.
package install

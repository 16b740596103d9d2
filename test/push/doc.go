// Package push ends `boostd settings push` with kill -9 at any point, again and
// again, and looks at what is left: the old document or the new one, whole, and a
// history in which the next push works.
//
// On every change it does so some 100 times; with the build tag acceptance, which
// `make acceptance` sets, 1,000 times on a file and 100 on S3.
package push

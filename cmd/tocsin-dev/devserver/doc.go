// Package devserver runs a whole Temporal server, and its web UI, inside the
// calling process: for trying Tocsin out, and for tests.
//
// All four services of the server share the process and find each other by
// fixed loopback addresses. What they store is in SQLite: in memory, or in one
// file that a later server continues from.
package devserver

// Package postgres lends tests a throw-away PostgreSQL cluster, made from
// whatever PostgreSQL binaries the machine has.
//
// A cluster lives in a temporary directory, listens on a Unix socket in that
// directory only, and is gone after Stop. It is meant for tests: it trusts
// everybody who reaches the socket and does not wait for the disk.
package postgres

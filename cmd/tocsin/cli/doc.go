// Package cli is the command line that people respond with: a client of the
// API with a file for each noun. Whatever it says of a server, it heard from
// the API; only "catalog validate", "route test --catalog" and "token bootstrap" work
// without one.
package cli

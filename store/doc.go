// Package store remembers what Tocsin decided: catalog versions, tokens, the
// claims by which deliveries of alerts become incidents, and all that an
// incident records of itself. It speaks one SQL that PostgreSQL and SQLite
// both run, a file a noun. Temporal decides and the store remembers: nothing
// here waits, retries or starts anything.
//
// Times are kept in UTC with microseconds; the zero time is kept as NULL.
// Errors have a kind (package incident): Unavailable says that the database
// is away or busy and the same call may be tried again.
package store

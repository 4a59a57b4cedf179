// Package intake takes a parsed delivery of alerts to an incident that
// Temporal has accepted. Each alert is routed to a service and a dedup key,
// each key is claimed in the store, and the incident of that key is started or
// signalled; only then is the sender told that the delivery was taken.
//
// The claim is an outbox: what is wanted is written with it, and marked as
// accepted after Temporal has answered. What a crash leaves between two of
// these steps is mended by the next delivery, by Resend when the process
// starts, and by the sweeper. Every step may be repeated: numbers are
// workflow ids, and an incident ignores facts that it knows.
//
// With the store away paging goes on: open keys are remembered, and an unknown
// key starts an incident whose number is made of what it is about, so that two
// deliveries agree without a database.
package intake

// Package runbooktest plays a runbook against a scripted world and returns
// what a person would have seen: a table in, a transcript out. Time is
// skipped, so that hours of waiting take milliseconds. The activities, the
// kit and the retries are the real ones; the deploy target, the metric and the
// people are played.
package runbooktest

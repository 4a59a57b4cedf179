// Package demo plays one incident from the firing alert to closing, against
// the same programs, catalog and sandbox as `make run`, with durations scaled
// down. Every step is checked from outside: on the phones, in the inbox, in
// JIRA, at the deploy target and through the API.
package demo

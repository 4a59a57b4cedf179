// Package sandbox is the outside world on one machine: a JIRA, a mail inbox,
// phones with push, SMS and Pushover, a deploy target, a metrics source and a
// dead-man's switch, each spoken to over real HTTP or SMTP, each with a page to
// look at and with faults that can be asked for.
//
// It is for development, demonstrations and tests. It listens on loopback
// unless it is told otherwise, and its control APIs and pages ask for no
// password: nothing in it is to be trusted with anything.
package sandbox

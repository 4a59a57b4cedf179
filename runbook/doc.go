// Package runbook is the kit that a runbook is written with. A runbook is an
// ordinary function of a workflow context and an Input, made of seven verbs:
//
//	Deployed  what runs at a deploy target, and what ran before
//	Note      write to the incident's timeline
//	Ask       ask a person a question with a deadline
//	Approve   go on only with a person's approval
//	Do        one step that changes something, with its undo
//	Check     whether a metric is healthy, worse or unknown
//	Wait      let time pass
//
// An author never sees a timeout, a retry or a signal. The kit gives every
// change a key, so that a repeat changes nothing more; asks a person when
// nobody knows whether a change happened; offers the undo of what was changed
// when a later verb fails; lists the exact calls on a dry run; and contains
// panics and bad parameters, so that a runbook never harms its incident.
//
// A run is a workflow of its own that reports to its incident by signals: see
// Report for what it says and Answer for what it hears. Cancelling the
// workflow stops the run before its next step.
//
// Every verb returns an error when the run must end (it was cancelled, or its
// incident is gone): return that error and the kit does the rest.
package runbook

// Package runbook is the kit that a runbook is written with. A runbook is an
// ordinary function of a workflow context and a struct of parameters, made of
// a few verbs:
//
//	Incident  what the incident knew when it started the run
//	Look      read something of the world
//	Deployed  what runs at a deploy target, and what ran before
//	Note      write to the incident's timeline
//	Ask       ask a person a question with a deadline
//	Approve   go on only with people's approval of the exact calls
//	Do        one step that changes something, with its undo
//	Check     whether a metric is healthy, worse or unknown
//	Wait      let time pass
//
// An author never sees a timeout, a retry or a signal, but says of every change
// how a repeat is safe (Repeat), and the kit holds to it: a change that carries
// a key is repeated with it, one that can be looked at is looked at before each
// try, and any other is made once. Where nobody knows whether a change
// happened a person is asked. The kit refuses a change when the world is not as
// the step expects, when it would touch more than the runbook's limit, and when
// nobody has approved that very call; offers the undo of what was changed when a
// later verb fails; lists the exact calls on a dry run; and contains panics and
// bad parameters, so that a runbook never harms its incident.
//
// A run is a workflow of its own that reports to its incident by signals: see
// Report for what it says and Answer for what it hears. Cancelling the
// workflow stops the run before its next step.
//
// Every verb but Note returns an error when the run must end (it was cancelled,
// or its incident is gone): return that error and the kit does the rest.
package runbook

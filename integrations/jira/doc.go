// Package jira keeps tickets in JIRA Cloud, through REST version 2 and wiki
// markup.
//
// In a ticket Tocsin writes the part of the description between its own two
// lines, the summary as long as nobody else has changed it, and the priority,
// due date and assignee that it is given. What it wrote last stands in the
// issue property "tocsin". Everything else belongs to people. Because the
// description goes through version 2, Jira itself may flatten what only its
// newer editor can express when Tocsin's part changes; and since Jira knows no
// conditional write, what a person saves within the moment between Tocsin's
// reading and writing of a description is overwritten (its history has it).
//
// Creating: Ensure looks once by the ticket's label and creates. The index
// behind that search lags by up to a minute or so, so that a ticket which was
// created a moment ago may not be found. Whoever repeats a creation whose
// outcome is unknown (an activity in its second attempt) calls EnsureAgain
// instead, which looks for the length of Config.IndexWindow before it creates.
//
// Equal tickets that were made all the same share their label. As long as the
// incident names none of them, the one with the lowest id counts, then the one
// that it names: to close that one would say that its work is done. The others
// that Tocsin itself made are linked as duplicates of it, closed, and told why
// in a comment. EnsureAgain notes in a ticket that it may be the second; when
// the index must have caught up, the next Update or Read looks for the first.
package jira

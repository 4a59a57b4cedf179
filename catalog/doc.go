// Package catalog holds what an organisation declares about itself: teams,
// people and how they want to be reached, services and their owners,
// schedules, escalation policies, severities with their response policies,
// and the last resort. It is read from YAML, validated as a whole, and is
// pure: looking something up never leaves the process.
//
// Parse and Load read YAML files and report every problem with its file, line
// and field; Encode and Decode are the form in which the store keeps a
// catalog. Route says which service an alert belongs to, Policy what an
// incident carries with it, OnCall whom a target means at a moment.
package catalog

// Package jira is a stand-in for JIRA Cloud that behaves, over real HTTP, as
// the service does where it matters to a client: the REST API version 2 under
// /jira/rest/api/2/, signed webhooks, and a board at /jira/ on which a person
// can move, comment on and delete issues.
//
// It keeps state, so that what was created can be found, read and changed. It
// is faithful in what surprises clients: the removed search answers 410, the
// new one returns ids only, has no total and lags behind writes; wrong
// credentials make issues look as if they did not exist; transitions have
// localised names and may need a resolution; a moved issue answers to its old
// key with its new one; labels have no spaces; a globalId makes remote links
// idempotent while comments never are.
//
// Its answers and the requests to it are checked against Atlassian's published
// API description by package jiracontract.
//
// Beside the REST API there is a control API for tests and demos, without
// authentication:
//
//	GET, POST, DELETE /jira/_faults    see fault.Injector.Handler; operations are listed by GET
//	POST /jira/_move      {"key", "project"}  moves an issue to another project; answers its new key
//	PUT  /jira/_webhook   {"url", "secret", "duplicate", "reorder"}
//	PUT  /jira/_settings  {"index_lag": "30s", "strict_comments": true}
package jira

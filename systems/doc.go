// Package systems is what runbooks ask of the named systems of the systems file
// and what those answer, as plain data: activities pass it on between a runbook
// and an integration, which know nothing of each other. It goes into histories,
// so it is small and holds no address and no secret.
package systems

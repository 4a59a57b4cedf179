// Package app wires Tocsin: it is the one place where stores, integrations,
// activities, workers and the API meet. The programs and the tests start the
// same App.
package app

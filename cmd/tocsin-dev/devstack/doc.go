// Package devstack runs everything in one process, for one person on one
// machine: Temporal with its UI, the database, the API, the workers and the
// sandbox that stands for the outside world. The development program, the
// demo, the bench and the stories start the same Stack.
package devstack

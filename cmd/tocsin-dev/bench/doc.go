// Package bench measures the way from an alert to its page, on a stack of its
// own for each measure: real HTTP into the intake, files of SQLite, and a
// receiver that answers at once. Beside Tocsin it measures the floor: the
// least that the same embedded server can do, an eagerly started workflow
// whose one local activity posts to the same receiver.
//
// Each stack is in the process of the bench, but that of the open incidents,
// whose memory is asked for: there Temporal, the API and the worker are
// processes of their own, in which the same program calls ServePart.
package bench

// Package scene plays an incident the way the world around Tocsin does: a bad
// deployment, an alert, people with phones who try again when they get no
// answer, and somebody who looks at the inbox, the phones, JIRA and the deploy
// target afterwards. The stories and the kill story play the same scene; it
// knows Tocsin by its API alone.
package scene

// Package channeltest holds what every integration over HTTP must do, as
// tests: which answers may be tried again and which not, that a page of HTML
// is no answer, that a cancelled call ends at once, that a message's key goes
// out with it, and that no error and no log betrays an address or a secret.
package channeltest

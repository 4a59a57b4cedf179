// Package mail hands mails over to an SMTP server: status updates to mailing
// lists, and pages to people.
//
// A mail's Message-ID is made of its key, so that a repeat can be recognised;
// SMTP itself knows no keys, and a mail whose acceptance was not heard of is
// sent again. Errors carry the server's reply code and nothing else of what
// it says, since servers repeat addresses.
package mail

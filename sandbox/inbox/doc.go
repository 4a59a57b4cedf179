// Package inbox is a stand-in for everybody's mail: an SMTP server that keeps
// each message it accepts, a JSON API to ask what arrived, and pages under
// /inbox/ that show the mails in threads.
//
//	GET    /inbox/api/messages?to=&subject=&message_id=&since=  the messages, oldest first, without their parts
//	DELETE /inbox/api/messages                      forgets all
//	GET    /inbox/api/messages/{id}                 one with headers, text and HTML
//	DELETE /inbox/api/messages/{id}                 forgets one
//	GET, POST, DELETE /inbox/_faults                see fault.Injector.Handler
//
// "to" is an address of the envelope, "subject" a part of the subject, "since"
// a time in RFC 3339.
//
// Faults strike two operations: "rcpt" (a recipient is named) and "data" (a
// message is sent). A status is an SMTP reply code here, 451 for one; a drop
// with after set keeps the message and loses the answer.
package inbox

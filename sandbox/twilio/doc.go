// Package twilio is a stand-in for Twilio and for the phones that it writes to:
// it takes SMS as Twilio's REST API does, shows each phone below /twilio/, and
// lets its owner reply. What it calls back is signed as Twilio signs.
//
//	POST /twilio/2010-04-01/Accounts/{sid}/Messages.json  sends an SMS
//	GET  /twilio/2010-04-01/Accounts/{sid}.json           shows the account
//
// Both need the account's SID and auth token as basic authentication. As with
// Twilio's own test numbers, +15005550001 is no number, and +15005550009 gets
// no SMS. A phone that replied STOP gets none until it replies START.
//
// For tests and demos, without authentication:
//
//	GET    /twilio/api/messages?number=    the SMS to and from a number, oldest first
//	DELETE /twilio/api/messages            forgets them
//	POST   /twilio/api/replies             replies from a phone: {"from", "body"}
//	POST   /twilio/api/phones              {"number", "off": true} switches a phone off: it gets nothing
//	GET, POST, DELETE /twilio/_faults      see fault.Injector.Handler
//
// Faults strike the operation "send".
package twilio

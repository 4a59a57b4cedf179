// Package pushover is a stand-in for Pushover and its app: it takes messages as
// Pushover's API does, lets emergencies ring until they are acknowledged,
// cancelled or expired, and shows each user's phone below /pushover/.
//
//	POST /pushover/1/messages.json                         pushes a message
//	GET  /pushover/1/receipts/{receipt}.json?token=        says how an emergency stands
//	POST /pushover/1/receipts/{receipt}/cancel.json        stops one
//	POST /pushover/1/receipts/cancel_by_tag/{tag}.json     stops all that carry a tag
//
// Each needs the application's token as a parameter. For tests and demos,
// without one:
//
//	GET    /pushover/api/messages?user=                the messages, oldest first
//	DELETE /pushover/api/messages                      forgets them
//	POST   /pushover/api/messages/{id}/acknowledge     acknowledges an emergency in the app
//	GET, POST, DELETE /pushover/_faults                see fault.Injector.Handler
//
// Faults strike the operations "message" and "cancel".
package pushover

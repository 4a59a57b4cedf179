// Package twilio sends messages as SMS through Twilio, or whoever speaks as it
// does, and reads what comes back: replies from people's phones, and receipts
// of what was delivered.
package twilio

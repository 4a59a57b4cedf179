// Package phone is a stand-in for people's phones: a push server that speaks
// as ntfy does, pages under /phone/ that show one phone per topic with
// buttons that work, and a receiver of signed webhooks.
//
//	POST /phone/          publishes a push as JSON: topic, title, message, priority, tags, click, actions
//	POST /phone/{topic}   publishes the body, the rest in headers (Title, Priority, Tags, Click, Actions)
//	POST /phone/hook/{name}  takes a signed webhook
//
// Publishing needs the configured bearer token. For tests and demos, without
// one:
//
//	GET    /phone/api/pages?topic=&since=      the pushes, oldest first
//	DELETE /phone/api/pages                    forgets pushes and webhooks
//	POST   /phone/api/pages/{id}/actions/{n}   taps the n-th button, counted from 0
//	GET    /phone/api/hooks?name=              the webhooks that arrived with a good signature
//	GET, POST, DELETE /phone/_faults           see fault.Injector.Handler
//
// A webhook is signed by the header X-Tocsin-Signature: t=<unix seconds>,v1=<hex
// HMAC-SHA256 of the secret over t, a full stop and the body>.
//
// Faults strike the operations "push" and "hook".
package phone

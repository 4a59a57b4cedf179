// Package deployer is a deploy target: it knows what of each service is
// deployed and what was before, and can go back. It is also the definition of
// the HTTP deployer interface that Tocsin's rollback runbook speaks; whoever
// wants to be rolled back by it puts these three operations in front of the
// tool that deploys.
//
//	GET /deploy/services/{name}
//	    200 {"service", "revision", "version", "deployed_at", "deployed_by",
//	         "previous": [{"revision", "version", "deployed_at", "deployed_by"}, ...]}
//	    404 no such service
//
// "revision" is an opaque name of what is deployed; previous revisions come
// newest first and hold everything that can be gone back to.
//
//	POST /deploy/services/{name}/rollback
//	    {"to_revision", "expected_revision", "idempotency_key", "reason"}
//	    200 an operation
//	    400 a field is missing
//	    404 no such service
//	    409 urn:sandbox:revision-changed      another revision than expected is current
//	    409 urn:sandbox:operation-running     something else is being done to the service
//	    422 urn:sandbox:unknown-revision      there is no such earlier revision
//	    422 urn:sandbox:key-reused            the key was used for another request
//
// An operation is {"id", "service", "kind", "state", "from_revision",
// "revision", "reason", "started_at", "finished_at", "error"}. Its state is
// running, done or failed, and its revision is what the service will have once
// it is done; until then, and for ever when it failed, the service keeps the
// one it had. The same idempotency key with the same request is answered with
// the same operation, whatever its state, and done once; the answer to a
// repeat shows the operation as it now is.
//
//	GET /deploy/operations/{id}
//	    200 the operation
//	    404 no such operation
//
// All of them need "Authorization: Bearer ..." and answer errors as problem
// details (RFC 9457) whose detail says what to do.
//
// Demos and tests have, with the same token:
//
//	POST /deploy/services/{name}/deploy   {"version", "deployed_by", "bad"} makes a new current revision at once
//	PUT  /deploy/api/settings             {"rollback_takes": "2s", "fail_rollbacks": 1}
//	GET  /deploy/api/calls                every call of the interface so far
//	GET, POST, DELETE /deploy/_faults     see fault.Injector.Handler; without the token
//
// Faults strike the operations "service", "rollback", "operation" and "deploy".
package deployer

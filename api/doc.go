// Package api is Tocsin over HTTP: the only room that knows Echo. The contract
// is openapi.yaml, from which the server's stubs (gen) and the client (client)
// are generated; who may call an operation, how large its body may be and what
// the body must look like are read from that document too, so that it cannot
// say one thing and the server do another. There is a file for each noun, and
// errors.go is the one place that turns an error into an answer.
package api

import _ "embed"

//go:generate go tool -modfile=../tools/oapi-codegen/go.mod oapi-codegen -config gen/config.yaml openapi.yaml
//go:generate go tool -modfile=../tools/oapi-codegen/go.mod oapi-codegen -config client/config.yaml openapi.yaml

//go:embed openapi.yaml
var document []byte

// Document returns the contract, an OpenAPI 3.0 document in YAML.
func Document() []byte { return document }

// Package wire is how the sandbox's own HTTP APIs read and answer JSON: small
// bodies only, unknown fields refused, errors as problem details that say
// what to do.
package wire

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// MaxBody is the largest request body, in bytes, that Read accepts.
const MaxBody = 1 << 20

// Problem is a problem detail of RFC 9457.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// Write answers with status and v as JSON.
func Write(w http.ResponseWriter, status int, v any) {
	write(w, "application/json", status, v)
}

// Refuse answers with a problem whose type is urn:sandbox:kind and whose
// detail says what to do.
func Refuse(w http.ResponseWriter, status int, kind, detail string) {
	write(w, "application/problem+json", status, Problem{
		Type: "urn:sandbox:" + kind, Title: http.StatusText(status), Status: status, Detail: detail,
	})
}

func write(w http.ResponseWriter, contentType string, status int, v any) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		http.Error(w, "the sandbox could not encode its answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = body.WriteTo(w)
}

// Read decodes the one JSON value of the request's body into v. When it
// cannot, it answers 400 or 413 with the reason and returns false.
func Read(w http.ResponseWriter, r *http.Request, v any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxBody))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		if _, tail := dec.Token(); !errors.Is(tail, io.EOF) {
			err = errors.New("something follows the JSON value, send exactly one")
		}
	}
	if err == nil {
		return true
	}
	if tooBig := new(http.MaxBytesError); errors.As(err, &tooBig) {
		Refuse(w, http.StatusRequestEntityTooLarge, "body-too-large", fmt.Sprintf("send at most %d bytes", tooBig.Limit))
		return false
	}
	Refuse(w, http.StatusBadRequest, "bad-json", "send a JSON object as documented: "+err.Error())
	return false
}

// Done answers that something was done, or that it could not be kept.
func Done(w http.ResponseWriter, err error) {
	if err != nil {
		Refuse(w, http.StatusInternalServerError, "not-kept", err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// Since reads the parameter since of a list: the zero time without one. When
// it cannot, it answers 400 and returns false.
func Since(w http.ResponseWriter, r *http.Request) (time.Time, bool) {
	text := r.URL.Query().Get("since")
	if text == "" {
		return time.Time{}, true
	}
	since, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		Refuse(w, http.StatusBadRequest, "bad-since", "write since as in 2030-01-31T15:04:05Z, not "+text)
	}
	return since, err == nil
}

// Bearer lets only requests with the token through; an empty token lets
// everything through.
func Bearer(token string, next http.Handler) http.Handler {
	if token == "" {
		return next
	}
	want := []byte("Bearer " + token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			Refuse(w, http.StatusUnauthorized, "unauthorized", "send the configured token as \"Authorization: Bearer ...\"")
			return
		}
		next.ServeHTTP(w, r)
	})
}

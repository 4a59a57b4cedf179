package jira

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

const maxBody = 1 << 20

// failure is an error as Jira puts it: messages about the request, and one
// message per field that is wrong.
type failure struct {
	status        int
	ErrorMessages []string          `json:"errorMessages"`
	Errors        map[string]string `json:"errors"`
}

// Error is all the messages.
func (f *failure) Error() string {
	return fmt.Sprintf("answer %d: %v %v", f.status, f.ErrorMessages, f.Errors)
}

func failed(status int, format string, args ...any) *failure {
	return &failure{status: status, ErrorMessages: []string{fmt.Sprintf(format, args...)}, Errors: map[string]string{}}
}

func invalid(fields map[string]string) *failure {
	return &failure{status: http.StatusBadRequest, ErrorMessages: []string{}, Errors: fields}
}

func notFound() *failure {
	return failed(http.StatusNotFound, "Issue does not exist or you do not have permission to see it.")
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}

func writeError(w http.ResponseWriter, err error) {
	f := new(failure)
	if !errors.As(err, &f) {
		f = failed(http.StatusInternalServerError, "Internal server error: %s", err)
	}
	writeJSON(w, f.status, f)
}

// readJSON decodes the request's body, in which Jira ignores what it does not
// know.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := readBody(w, r, maxBody)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return failed(http.StatusBadRequest, "There was an error parsing JSON. Check that your request body is valid: %s", err)
	}
	return nil
}

func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if tooBig := new(http.MaxBytesError); errors.As(err, &tooBig) {
		return nil, failed(http.StatusRequestEntityTooLarge, "The request is larger than %d bytes.", limit)
	}
	if err != nil {
		return nil, failed(http.StatusBadRequest, "The request could not be read: %s", err)
	}
	return body, nil
}

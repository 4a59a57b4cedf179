package jiracontract_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/jira/jiracontract"
)

func TestRequestsAreChecked(t *testing.T) {
	contract := jiracontract.Require(t)
	tests := []struct{ name, method, path, body, says string }{
		{"a comment", "POST", "issue/OPS-1/comment", `{"body":"text"}`, ""},
		{"go-jira's comment", "POST", "issue/OPS-1/comment", `{"body":"text","author":{"avatarUrls":{}}}`, "author"},
		{"a search", "GET", "search/jql?jql=project%3DOPS&fields=status,labels&maxResults=10", ``, ""},
		{"a number that is none", "GET", "search/jql?maxResults=many", ``, "maxResults"},
		{"a create", "POST", "issue", `{"fields":{"summary":"x"},"properties":[{"key":"a","value":{}}]}`, ""},
		{"clearing a field", "PUT", "issue/OPS-1", `{"fields":{"assignee":null}}`, ""},
		{"fields that are a list", "POST", "issue", `{"fields":[]}`, "fields"},
		{"a remote link without title", "POST", "issue/OPS-1/remotelink", `{"object":{"url":"http://x.example"}}`, "title"},
		{"an issue link", "POST", "issueLink", `{"type":{"name":"Relates"},"inwardIssue":{"key":"A-1"},"outwardIssue":{"key":"A-2"}}`, ""},
		{"an issue link with one end", "POST", "issueLink", `{"type":{"name":"Relates"},"inwardIssue":{"key":"A-1"}}`, "outwardIssue"},
		{"no such operation", "GET", "wishes", ``, "no matching operation"},
		{"no such method", "PATCH", "issue/OPS-1", `{}`, "method not allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := httptest.NewRequestWithContext(t.Context(), tt.method, "/jira/rest/api/2/"+tt.path, strings.NewReader(tt.body))
			req.Header.Set("Content-Type", "application/json")
			err := contract.CheckRequest(req, []byte(tt.body))
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.says)
		})
	}
	req := httptest.NewRequestWithContext(t.Context(), "GET", "/elsewhere", nil)
	require.ErrorContains(t, contract.CheckRequest(req, nil), "no path of the API")
}

func TestAnswersAreChecked(t *testing.T) {
	contract := jiracontract.Require(t)
	tests := []struct {
		name, method, path string
		status             int
		body, says         string
	}{
		{"an issue", "GET", "issue/OPS-1", 200, `{"id":"1","key":"OPS-1","self":"http://x.example/1","fields":{"assignee":null}}`, ""},
		{"an id that is a number", "GET", "issue/OPS-1", 200, `{"id":1}`, "id"},
		{"an unknown property", "GET", "issue/OPS-1", 200, `{"wishes":1}`, "wishes"},
		{"a total on the new search", "GET", "search/jql", 200, `{"issues":[],"total":0}`, "total"},
		{"an error as it should be", "POST", "issue", 400, `{"errorMessages":["no"],"errors":{"summary":"missing"}}`, ""},
		{"an error as it should not", "POST", "issue", 400, `{"errorMessages":"no"}`, "errorMessages"},
		{"a time as Jira writes it", "GET", "issue/OPS-1/comment/1", 200, `{"created":"2026-11-22T10:00:00.000+0000"}`, ""},
		{"a time as nobody writes it", "GET", "issue/OPS-1/comment/1", 200, `{"created":"yesterday"}`, "created"},
		{"a status that is not described", "GET", "issue/OPS-1", 201, `{}`, "status is not supported"},
		{"an error that is not described", "GET", "issue/OPS-1", 429, `{}`, ""},
		{"nothing", "PUT", "issue/OPS-1", 204, ``, ""},
		{"remote links", "GET", "issue/OPS-1/remotelink", 200, `[{"id":1}]`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := httptest.NewRequestWithContext(t.Context(), tt.method, "/rest/api/2/"+tt.path, nil)
			header := http.Header{"Content-Type": {"application/json"}}
			err := contract.CheckResponse(req, tt.status, header, []byte(tt.body))
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.says)
		})
	}
}

// witness is a test that only writes down how it was failed.
type witness struct {
	testing.TB
	said []string
}

func (w *witness) Helper() {}

func (w *witness) Errorf(format string, args ...any) {
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

func (w *witness) Logf(format string, args ...any) {
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

func (w *witness) Fatalf(format string, args ...any) {
	w.Errorf(format, args...)
	panic(w)
}

func TestCheckAndTransportFailTheTest(t *testing.T) {
	jiracontract.Require(t)
	wrong := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":1}`)
	})
	atServer, atClient := &witness{TB: t}, &witness{TB: t}
	server := httptest.NewServer(jiracontract.Check(atServer, wrong))
	defer server.Close()
	client := &http.Client{Transport: jiracontract.Transport(atClient, nil)}
	for _, path := range []string{"/rest/api/2/issue/OPS-1", "/board"} {
		resp, err := client.Get(server.URL + path)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, errors.Join(err, resp.Body.Close()))
		require.Equal(t, `{"id":1}`, string(body), "what is checked is passed on unchanged")
	}
	require.Len(t, atServer.said, 1)
	require.Contains(t, atServer.said[0], "/id")
	require.Equal(t, atServer.said, atClient.said)
}

func TestTransportHandsOnWhatFails(t *testing.T) {
	jiracontract.Require(t)
	client := &http.Client{Transport: jiracontract.Transport(t, nil)}
	_, err := client.Post("http://127.0.0.1:1/rest/api/2/issue", "application/json", strings.NewReader(`{}`))
	require.Error(t, err)
}

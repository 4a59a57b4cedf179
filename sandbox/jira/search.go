package jira

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	defaultPage = 50
	maxPage     = 5000
)

func (s *Server) searchRemoved(http.ResponseWriter, *http.Request) error {
	return failed(http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "+
		"A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046")
}

// searchRequest is a search, by either method.
type searchRequest struct {
	JQL             string   `json:"jql"`
	NextPageToken   string   `json:"nextPageToken"`
	MaxResults      int      `json:"maxResults"`
	Fields          []string `json:"fields"`
	Properties      []string `json:"properties"`
	ReconcileIssues []int    `json:"reconcileIssues"`
}

func searchFromQuery(q url.Values) (searchRequest, error) {
	in := searchRequest{
		JQL: q.Get("jql"), NextPageToken: q.Get("nextPageToken"),
		Fields: splitAll(q["fields"]), Properties: splitAll(q["properties"]),
	}
	if size := q.Get("maxResults"); size != "" {
		n, err := strconv.Atoi(size)
		if err != nil {
			return in, failed(http.StatusBadRequest, "The value '%s' for maxResults is not a number.", size)
		}
		in.MaxResults = n
	}
	for _, id := range splitAll(q["reconcileIssues"]) {
		n, err := strconv.Atoi(id)
		if err != nil {
			return in, failed(http.StatusBadRequest, "The value '%s' in reconcileIssues is not an issue id.", id)
		}
		in.ReconcileIssues = append(in.ReconcileIssues, n)
	}
	return in, nil
}

func (s *Server) search(w http.ResponseWriter, r *http.Request) error {
	in, err := searchFromQuery(r.URL.Query())
	if r.Method == http.MethodPost {
		in = searchRequest{}
		err = readJSON(w, r, &in)
	}
	if err != nil {
		return err
	}
	found, err := s.run(in)
	if err != nil {
		return err
	}
	start, size, err := in.window()
	if err != nil {
		return err
	}
	end := min(start+size, len(found))
	issues := []object{}
	for _, issue := range found[min(start, len(found)):end] {
		issues = append(issues, s.renderHit(base(r), issue, in))
	}
	out := object{"issues": issues, "isLast": end >= len(found)}
	if end < len(found) {
		out["nextPageToken"] = in.token(end)
	}
	writeJSON(w, http.StatusOK, out)
	return nil
}

// renderHit is one result: its id only, unless fields are asked for.
func (s *Server) renderHit(base string, issue *Issue, in searchRequest) object {
	hit := object{"id": issue.ID}
	if len(in.Fields) > 0 && !slices.Equal(in.Fields, []string{"id"}) {
		hit = s.renderIssue(base, issue, in.Fields)
	}
	if len(in.Properties) > 0 {
		hit["properties"] = someProperties(issue, in.Properties)
	}
	return hit
}

// run finds what the search index, which lags behind, has for a query.
func (s *Server) run(in searchRequest) ([]*Issue, error) {
	q, err := parseJQL(in.JQL)
	if err != nil {
		return nil, err
	}
	if len(q.clauses) == 0 {
		return nil, failed(http.StatusBadRequest,
			"Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
	}
	if len(in.Properties) > 5 {
		return nil, failed(http.StatusBadRequest, "At most 5 properties can be asked for.")
	}
	if len(in.ReconcileIssues) > 50 {
		return nil, failed(http.StatusBadRequest, "At most 50 issues can be reconciled.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	restrictions, err := s.restrictLocked(q.clauses)
	if err != nil {
		return nil, err
	}
	var found []*Issue
	for _, issue := range s.indexedLocked(in.ReconcileIssues) {
		if !slices.ContainsFunc(restrictions, func(p predicate) bool { return !p(issue) }) {
			found = append(found, issue)
		}
	}
	slices.SortFunc(found, byOrder(q.order))
	return found, nil
}

// indexedLocked is every issue as the index sees it: as it was one lag ago,
// but for the reconciled ones, which are seen as they are.
func (s *Server) indexedLocked(reconcile []int) []*Issue {
	horizon := time.Now().Add(-s.config.IndexLag)
	var out []*Issue
	for id, issue := range s.state.Issues {
		n, _ := strconv.Atoi(id)
		_, changed := s.index[id]
		if s.config.IndexLag == 0 || !changed || slices.Contains(reconcile, n) {
			out = append(out, issue)
		}
	}
	if s.config.IndexLag == 0 {
		return out
	}
	for id, versions := range s.index {
		n, _ := strconv.Atoi(id)
		if slices.Contains(reconcile, n) {
			continue
		}
		for _, v := range slices.Backward(versions) {
			if v.at.After(horizon) {
				continue
			}
			if v.issue != nil {
				out = append(out, v.issue)
			}
			break
		}
	}
	return out
}

// pageToken is what the opaque nextPageToken hides.
type pageToken struct {
	Start int    `json:"s"`
	Query uint32 `json:"q"`
}

func (in searchRequest) hash() uint32 {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, in.JQL)
	return h.Sum32()
}

func (in searchRequest) token(start int) string {
	data, _ := json.Marshal(pageToken{Start: start, Query: in.hash()})
	return base64.URLEncoding.EncodeToString(data)
}

func (in searchRequest) window() (start, size int, err error) {
	size = in.MaxResults
	if size <= 0 {
		size = defaultPage
	}
	size = min(size, maxPage)
	if in.NextPageToken == "" {
		return 0, size, nil
	}
	var token pageToken
	data, err := base64.URLEncoding.DecodeString(in.NextPageToken)
	if err == nil {
		err = json.Unmarshal(data, &token)
	}
	if err != nil || token.Start < 0 || token.Query != in.hash() {
		return 0, 0, failed(http.StatusBadRequest, "The provided next page token is invalid for this query.")
	}
	return token.Start, size, nil
}

// Search returns what the index has for a query, as a search over HTTP would
// find it. The results must not be changed. It fails for a query that Jira
// would refuse.
func (s *Server) Search(jql string) ([]*Issue, error) { return s.run(searchRequest{JQL: jql}) }

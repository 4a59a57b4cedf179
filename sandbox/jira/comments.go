package jira

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

func (s *Server) renderComment(base, key string, c Comment) object {
	return object{
		"self": base + "/rest/api/2/issue/" + key + "/comment/" + c.ID, "id": c.ID,
		"author": s.renderUser(base, c.Author), "updateAuthor": s.renderUser(base, c.Author),
		"body": c.Body, "created": jiraTime(c.Created), "updated": jiraTime(c.Updated), "jsdPublic": true,
	}
}

func (s *Server) renderCommentPage(base, key string, comments []Comment) object {
	out := []object{}
	for _, c := range comments {
		out = append(out, s.renderComment(base, key, c))
	}
	return object{"comments": out, "startAt": 0, "maxResults": len(out), "total": len(out)}
}

func (s *Server) listComments(w http.ResponseWriter, r *http.Request) error {
	issue, err := s.find(r.PathValue("issue"))
	if err != nil {
		return err
	}
	comments := slices.Clone(issue.Comments)
	if r.URL.Query().Get("orderBy") == "-created" {
		slices.Reverse(comments)
	}
	start, size := window(r, 100)
	total := len(comments)
	comments = comments[min(start, total):min(start+size, total)]
	page := s.renderCommentPage(base(r), issue.Key, comments)
	page["startAt"], page["maxResults"], page["total"] = start, size, total
	writeJSON(w, http.StatusOK, page)
	return nil
}

// window is the part of a list that startAt and maxResults ask for.
func window(r *http.Request, most int) (start, size int) {
	start, _ = strconv.Atoi(r.URL.Query().Get("startAt"))
	size, err := strconv.Atoi(r.URL.Query().Get("maxResults"))
	if err != nil || size <= 0 || size > most {
		size = most
	}
	return max(start, 0), size
}

func (s *Server) readComment(w http.ResponseWriter, r *http.Request) (string, error) {
	var in map[string]json.RawMessage
	if err := readJSON(w, r, &in); err != nil {
		return "", err
	}
	if s.strictComments() {
		for _, name := range []string{"author", "created", "id", "jsdPublic", "renderedBody", "self", "updateAuthor", "updated"} {
			if _, sent := in[name]; sent {
				return "", invalid(map[string]string{name: "Field '" + name + "' is read-only and must not be sent."})
			}
		}
	}
	var body string
	if err := json.Unmarshal(in["body"], &body); err != nil || body == "" {
		return "", invalid(map[string]string{"comment": "Comment body can not be empty!"})
	}
	if utf8.RuneCountInString(body) > maxDescription {
		return "", invalid(map[string]string{"comment": "The entered text is too long. It exceeds the allowed limit of 32,767 characters."})
	}
	return body, nil
}

func (s *Server) strictComments() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.config.StrictComments
}

func (s *Server) addComment(w http.ResponseWriter, r *http.Request) error {
	body, err := s.readComment(w, r)
	if err != nil {
		return err
	}
	issue, comment, err := s.comment(r.PathValue("issue"), s.api(), body)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusCreated, s.renderComment(base(r), issue.Key, comment))
	return nil
}

func (s *Server) comment(key, author, body string) (*Issue, Comment, error) {
	now := time.Now()
	comment := &Comment{Author: author, Body: body, Created: now, Updated: now}
	ev := event{name: "comment_created", comment: comment}
	issue, err := s.change(key, author, ev, func(issue *Issue) error {
		comment.ID = s.nextIDLocked()
		issue.Comments = append(issue.Comments, *comment)
		return nil
	})
	return issue, *comment, err
}

// Comment adds a comment as the named person would.
func (s *Server) Comment(key, author, body string) error {
	_, _, err := s.comment(key, author, body)
	return err
}

func findComment(issue *Issue, id string) (*Comment, error) {
	i := slices.IndexFunc(issue.Comments, func(c Comment) bool { return c.ID == id })
	if i < 0 {
		return nil, failed(http.StatusNotFound, "Can not find a comment for the id: %s.", id)
	}
	return &issue.Comments[i], nil
}

func (s *Server) getComment(w http.ResponseWriter, r *http.Request) error {
	issue, err := s.find(r.PathValue("issue"))
	if err != nil {
		return err
	}
	comment, err := findComment(issue, r.PathValue("id"))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, s.renderComment(base(r), issue.Key, *comment))
	return nil
}

func (s *Server) editComment(w http.ResponseWriter, r *http.Request) error {
	body, err := s.readComment(w, r)
	if err != nil {
		return err
	}
	var edited Comment
	issue, err := s.change(r.PathValue("issue"), s.api(), event{}, func(issue *Issue) error {
		comment, err := findComment(issue, r.PathValue("id"))
		if err != nil {
			return err
		}
		comment.Body, comment.Updated = body, time.Now()
		edited = *comment
		return nil
	})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, s.renderComment(base(r), issue.Key, edited))
	return nil
}

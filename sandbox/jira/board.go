package jira

import (
	"embed"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tocsinhq/tocsin/sandbox/internal/page"
)

//go:embed templates
var templates embed.FS

// boardPerson is who presses the buttons of the board.
const boardPerson = "Person at the board"

func (s *Server) routeBoard() {
	s.mux.HandleFunc("GET /jira/{$}", s.board)
	s.mux.HandleFunc("GET /jira/browse/{issue}", s.issuePage)
	s.mux.HandleFunc("POST /jira/browse/{issue}/transition", s.act(func(key string, r *http.Request) error {
		return s.Transition(key, boardPerson, r.PostFormValue("status"), r.PostFormValue("resolution"))
	}))
	s.mux.HandleFunc("POST /jira/browse/{issue}/comment", s.act(func(key string, r *http.Request) error {
		if strings.TrimSpace(r.PostFormValue("body")) == "" {
			return failed(http.StatusBadRequest, "Write something first, a comment cannot be empty.")
		}
		return s.Comment(key, boardPerson, r.PostFormValue("body"))
	}))
	s.mux.HandleFunc("POST /jira/browse/{issue}/move", s.act(func(key string, r *http.Request) error {
		_, err := s.Move(key, boardPerson, r.PostFormValue("project"))
		return err
	}))
	s.mux.HandleFunc("POST /jira/browse/{issue}/delete", s.deleteAtBoard)
}

type column struct {
	Status Status
	Issues []*Issue
}

func (s *Server) board(w http.ResponseWriter, _ *http.Request) {
	var columns []column
	for _, status := range s.config.Workflow.Statuses {
		c := column{Status: status}
		for _, issue := range slices.Backward(s.Issues()) {
			if issue.Status.ID == status.ID {
				c.Issues = append(c.Issues, issue)
			}
		}
		columns = append(columns, c)
	}
	s.pages.Write(w, "board.html", http.StatusOK, page.View{Title: "Board", Part: "jira", Refresh: 5, Data: columns})
}

// issueView is an issue with what its page needs to know beside it.
type issueView struct {
	*Issue
	Moves       []Status
	Projects    []Project
	Resolutions []string
	Fields      []namedValue
	Related     []relation
	Pages       []remotePage
}

type namedValue struct{ Name, Value string }

type relation struct {
	Verb  string
	Issue *Issue
}

type remotePage struct{ Title, URL string }

func (s *Server) issuePage(w http.ResponseWriter, r *http.Request) {
	issue, err := s.find(r.PathValue("issue"))
	if err != nil {
		s.refuseAtBoard(w, err)
		return
	}
	view := issueView{Issue: issue, Resolutions: s.config.Workflow.Resolutions, Related: s.related(issue)}
	for _, t := range s.available(issue) {
		view.Moves = append(view.Moves, s.status(t.To))
	}
	for _, p := range s.config.Projects {
		if p.Key != issue.Project {
			view.Projects = append(view.Projects, p)
		}
	}
	for _, field := range s.config.Fields {
		if value := plain(issue.Custom[field.ID]); value != "" {
			view.Fields = append(view.Fields, namedValue{Name: field.Name, Value: value})
		}
	}
	for _, link := range issue.RemoteLinks {
		view.Pages = append(view.Pages, link.page())
	}
	title := issue.Key + " " + issue.Summary
	s.pages.Write(w, "issue.html", http.StatusOK, page.View{Title: title, Part: "jira", Data: view})
}

func (s *Server) related(issue *Issue) []relation {
	var out []relation
	for _, link := range issue.Links {
		kind, _ := findLinkType("", link.Type)
		verb, other := kind.outward, link.Outward
		if link.Outward == issue.ID {
			verb, other = kind.inward, link.Inward
		}
		if found, err := s.find(other); err == nil {
			out = append(out, relation{Verb: verb, Issue: found})
		}
	}
	return out
}

// act makes a button: it does what the form asks and shows the issue again.
func (s *Server) act(do func(key string, r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		key := r.PathValue("issue")
		if err := do(key, r); err != nil {
			s.refuseAtBoard(w, err)
			return
		}
		http.Redirect(w, r, "/jira/browse/"+key, http.StatusSeeOther)
	}
}

func (s *Server) deleteAtBoard(w http.ResponseWriter, r *http.Request) {
	if err := s.Delete(r.PathValue("issue"), boardPerson); err != nil {
		s.refuseAtBoard(w, err)
		return
	}
	http.Redirect(w, r, "/jira/", http.StatusSeeOther)
}

func (s *Server) refuseAtBoard(w http.ResponseWriter, err error) {
	status, messages := http.StatusInternalServerError, []string{err.Error()}
	if f := new(failure); errors.As(err, &f) {
		status, messages = f.status, slices.Clone(f.ErrorMessages)
		for _, message := range f.Errors {
			messages = append(messages, message)
		}
	}
	s.pages.Write(w, "refused.html", status, page.View{Title: "That did not work", Part: "jira", Data: messages})
}

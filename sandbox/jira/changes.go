package jira

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// maxIndexLag is how far back the search index remembers.
const maxIndexLag = 5 * time.Minute

// version is what the search index knew of an issue from a moment on; a nil
// issue has been deleted.
type version struct {
	at    time.Time
	issue *Issue
}

// event is what a change announces; an empty name announces nothing.
type event struct {
	name    string
	comment *Comment
}

// find returns the newest version of the issue with that id or key.
func (s *Server) find(idOrKey string) (*Issue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.findLocked(idOrKey)
}

func (s *Server) findLocked(idOrKey string) (*Issue, error) {
	issue, ok := s.state.Issues[s.ids[idOrKey]]
	if !ok {
		return nil, notFound()
	}
	return issue, nil
}

// change makes a new version of an issue, records what is different in its
// history, announces it, and returns when it is kept.
func (s *Server) change(idOrKey, author string, ev event, edit func(*Issue) error) (*Issue, error) {
	next, err := s.changeInMemory(idOrKey, author, ev, edit)
	if err != nil {
		return nil, err
	}
	return next, s.file.Sync()
}

func (s *Server) changeInMemory(idOrKey, author string, ev event, edit func(*Issue) error) (*Issue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.findLocked(idOrKey)
	if err != nil {
		return nil, err
	}
	next := old.clone()
	if err := edit(next); err != nil {
		return nil, err
	}
	now := time.Now()
	next.Updated = now
	items := diff(old, next)
	if len(items) > 0 {
		next.History = append(next.History, Change{At: now, Author: author, Items: items})
		if ev.name == "" {
			ev.name = "jira:issue_updated"
		}
	}
	s.storeLocked(next)
	if ev.name != "" {
		s.hooks.announce(s.eventBody(ev, next, author, items))
	}
	return next, nil
}

func (s *Server) storeLocked(issue *Issue) {
	s.state.Issues[issue.ID] = issue
	s.ids[issue.ID], s.ids[issue.Key] = issue.ID, issue.ID
	s.indexLocked(issue.ID, issue)
}

func (s *Server) indexLocked(id string, issue *Issue) {
	now := time.Now()
	versions := append(s.index[id], version{at: now, issue: issue})
	// The last version older than the horizon is still what a lagging search sees.
	stale := slices.IndexFunc(versions, func(v version) bool { return now.Sub(v.at) < maxIndexLag })
	if stale > 1 {
		versions = slices.Delete(versions, 0, stale-1)
	}
	s.index[id] = versions
}

func (s *Server) nextIDLocked() string {
	s.state.NextID++
	return strconv.Itoa(s.state.NextID)
}

func (s *Server) nextKeyLocked(project string) string {
	s.state.NextKey[project]++
	return fmt.Sprintf("%s-%d", project, s.state.NextKey[project])
}

// remove deletes an issue for good.
func (s *Server) remove(idOrKey, author string) error {
	s.mu.Lock()
	issue, err := s.findLocked(idOrKey)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	delete(s.state.Issues, issue.ID)
	s.indexLocked(issue.ID, nil)
	s.hooks.announce(s.eventBody(event{name: "jira:issue_deleted"}, issue, author, nil))
	s.mu.Unlock()
	return s.file.Sync()
}

package jira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// linkType is a kind of relation between two issues.
type linkType struct{ id, name, inward, outward string }

func linkTypes() []linkType {
	return []linkType{
		{"10000", "Blocks", "is blocked by", "blocks"},
		{"10001", "Cloners", "is cloned by", "clones"},
		{"10002", "Duplicate", "is duplicated by", "duplicates"},
		{"10003", "Relates", "relates to", "relates to"},
	}
}

func (t linkType) render(base string) object {
	return object{
		"id": t.id, "name": t.name, "inward": t.inward, "outward": t.outward,
		"self": base + "/rest/api/2/issueLinkType/" + t.id,
	}
}

func findLinkType(id, name string) (linkType, bool) {
	i := slices.IndexFunc(linkTypes(), func(t linkType) bool {
		return t.id == id || (id == "" && strings.EqualFold(t.name, name))
	})
	if i < 0 {
		return linkType{}, false
	}
	return linkTypes()[i], true
}

func (s *Server) listLinkTypes(w http.ResponseWriter, r *http.Request) error {
	out := []object{}
	for _, t := range linkTypes() {
		out = append(out, t.render(base(r)))
	}
	writeJSON(w, http.StatusOK, object{"issueLinkTypes": out})
	return nil
}

func (s *Server) renderLinks(base string, issue *Issue) []object {
	out := []object{}
	for _, link := range issue.Links {
		kind, _ := findLinkType("", link.Type)
		rendered := object{
			"id": link.ID, "self": base + "/rest/api/2/issueLink/" + link.ID, "type": kind.render(base),
		}
		end, other := "outwardIssue", link.Outward
		if link.Outward == issue.ID {
			end, other = "inwardIssue", link.Inward
		}
		if found, err := s.find(other); err == nil {
			rendered[end] = s.renderReference(base, found)
			out = append(out, rendered)
		}
	}
	return out
}

// addLink answers a link that exists as if it had been made, but adds the
// comment that comes with it again, as Jira does.
func (s *Server) addLink(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Type         struct{ ID, Name string }
		InwardIssue  struct{ ID, Key string }
		OutwardIssue struct{ ID, Key string }
		Comment      *struct{ Body string }
	}
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	kind, ok := findLinkType(in.Type.ID, in.Type.Name)
	if !ok {
		return failed(http.StatusNotFound, "No issue link type with name '%s' found.", in.Type.Name)
	}
	inward, err := s.find(in.InwardIssue.ID + in.InwardIssue.Key)
	if err != nil {
		return err
	}
	outward, err := s.find(in.OutwardIssue.ID + in.OutwardIssue.Key)
	if err != nil {
		return err
	}
	if err := s.link(kind, inward, outward); err != nil {
		return err
	}
	if in.Comment != nil {
		if _, _, err := s.comment(outward.ID, s.api(), in.Comment.Body); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (s *Server) link(kind linkType, inward, outward *Issue) error {
	same := func(l Link) bool { return l.Type == kind.name && l.Inward == inward.ID && l.Outward == outward.ID }
	if slices.ContainsFunc(inward.Links, same) {
		return nil
	}
	s.mu.Lock()
	link := Link{ID: s.nextIDLocked(), Type: kind.name, Inward: inward.ID, Outward: outward.ID}
	s.mu.Unlock()
	for _, end := range []*Issue{inward, outward} {
		_, err := s.change(end.ID, s.api(), event{}, func(issue *Issue) error {
			issue.Links = append(issue.Links, link)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func renderRemoteLink(base, key string, l RemoteLink) object {
	out := object{
		"id": l.ID, "self": fmt.Sprintf("%s/rest/api/2/issue/%s/remotelink/%d", base, key, l.ID), "object": l.Object,
	}
	if l.GlobalID != "" {
		out["globalId"] = l.GlobalID
	}
	if l.Relationship != "" {
		out["relationship"] = l.Relationship
	}
	if l.Application != nil {
		out["application"] = l.Application
	}
	return out
}

func (s *Server) listRemoteLinks(w http.ResponseWriter, r *http.Request) error {
	issue, err := s.find(r.PathValue("issue"))
	if err != nil {
		return err
	}
	links := []object{}
	globalID := r.URL.Query().Get("globalId")
	for _, link := range issue.RemoteLinks {
		if globalID == "" {
			links = append(links, renderRemoteLink(base(r), issue.Key, link))
		}
		if globalID != "" && link.GlobalID == globalID {
			writeJSON(w, http.StatusOK, renderRemoteLink(base(r), issue.Key, link))
			return nil
		}
	}
	if globalID != "" {
		return failed(http.StatusNotFound, "No remote issue link with the globalId '%s'.", globalID)
	}
	writeJSON(w, http.StatusOK, links)
	return nil
}

type remoteLinkRequest struct {
	GlobalID     string          `json:"globalId"`
	Relationship string          `json:"relationship"`
	Application  json.RawMessage `json:"application"`
	Object       json.RawMessage `json:"object"`
}

func (in remoteLinkRequest) err() error {
	var object struct{ URL, Title string }
	_ = json.Unmarshal(in.Object, &object)
	wrong := map[string]string{}
	if object.URL == "" {
		wrong["url"] = "'url' is required."
	}
	if object.Title == "" {
		wrong["title"] = "'title' is required."
	}
	if len(in.GlobalID) > 255 {
		wrong["globalId"] = "'globalId' cannot be longer than 255 characters."
	}
	if len(wrong) > 0 {
		return invalid(wrong)
	}
	return nil
}

// putRemoteLink creates a link, or replaces the whole of the one that has the
// same globalId.
func (s *Server) putRemoteLink(w http.ResponseWriter, r *http.Request) error {
	var in remoteLinkRequest
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	if err := in.err(); err != nil {
		return err
	}
	link := RemoteLink{GlobalID: in.GlobalID, Relationship: in.Relationship, Application: in.Application, Object: in.Object}
	status := http.StatusOK
	issue, err := s.change(r.PathValue("issue"), s.api(), event{}, func(issue *Issue) error {
		i := slices.IndexFunc(issue.RemoteLinks, func(l RemoteLink) bool {
			return in.GlobalID != "" && l.GlobalID == in.GlobalID
		})
		if i >= 0 {
			link.ID = issue.RemoteLinks[i].ID
			issue.RemoteLinks[i] = link
			return nil
		}
		status = http.StatusCreated
		id, err := strconv.Atoi(s.nextIDLocked())
		link.ID = id
		issue.RemoteLinks = append(issue.RemoteLinks, link)
		return err
	})
	if err != nil {
		return err
	}
	writeJSON(w, status, object{
		"id": link.ID, "self": fmt.Sprintf("%s/rest/api/2/issue/%s/remotelink/%d", base(r), issue.Key, link.ID),
	})
	return nil
}

// page is where a remote link leads, for people.
func (l RemoteLink) page() remotePage {
	var object struct{ URL, Title string }
	_ = json.Unmarshal(l.Object, &object)
	return remotePage{Title: object.Title, URL: object.URL}
}

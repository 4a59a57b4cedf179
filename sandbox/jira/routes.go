package jira

import (
	"net/http"
	"slices"
	"strings"
)

// routeREST registers the REST API and returns the names of its operations.
func (s *Server) routeREST() []string {
	var ops []string
	for _, route := range append(s.issueRoutes(), s.siteRoutes()...) {
		method, path, _ := strings.Cut(route.pattern, " ")
		mux := s.mux
		if strings.HasPrefix(path, "issue/createmeta/") {
			mux = s.meta
		}
		mux.Handle(method+" "+restPath+path, s.rest(route.op, route.handle))
		ops = append(ops, route.op)
	}
	s.mux.HandleFunc("/jira/rest/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, failed(http.StatusNotFound, "null for uri: there is no such operation in this stand-in"))
	})
	return slices.Compact(ops)
}

// route is one operation: its name among the faults, its method and path, and
// what answers it.
type route struct {
	op, pattern string
	handle      handler
}

// siteRoutes are the operations on nothing in particular.
func (s *Server) siteRoutes() []route {
	return []route{
		{"myself", "GET myself", s.myself},
		{"serverInfo", "GET serverInfo", s.serverInfo},
		{"field.list", "GET field", s.listFields},
		{"project.get", "GET project/{project}", s.getProject},
		{"createmeta", "GET issue/createmeta/{project}/issuetypes", s.createMeta},
		{"createmeta.fields", "GET issue/createmeta/{project}/issuetypes/{type}", s.createMetaFields},
		{"search.removed", "GET search", s.searchRemoved},
		{"search.removed", "POST search", s.searchRemoved},
		{"search", "GET search/jql", s.search},
		{"search", "POST search/jql", s.search},
		{"attachment.get", "GET attachment/content/{id}", s.attachmentContent},
		{"link.add", "POST issueLink", s.addLink},
		{"link.types", "GET issueLinkType", s.listLinkTypes},
	}
}

// issueRoutes are the operations on one issue.
func (s *Server) issueRoutes() []route {
	return []route{
		{"issue.create", "POST issue", s.createIssue},
		{"issue.get", "GET issue/{issue}", s.getIssue},
		{"issue.edit", "PUT issue/{issue}", s.editIssue},
		{"issue.delete", "DELETE issue/{issue}", s.deleteIssue},
		{"transition.list", "GET issue/{issue}/transitions", s.listTransitions},
		{"transition.do", "POST issue/{issue}/transitions", s.doTransition},
		{"comment.list", "GET issue/{issue}/comment", s.listComments},
		{"comment.add", "POST issue/{issue}/comment", s.addComment},
		{"comment.get", "GET issue/{issue}/comment/{id}", s.getComment},
		{"comment.edit", "PUT issue/{issue}/comment/{id}", s.editComment},
		{"remotelink.list", "GET issue/{issue}/remotelink", s.listRemoteLinks},
		{"remotelink.put", "POST issue/{issue}/remotelink", s.putRemoteLink},
		{"property.list", "GET issue/{issue}/properties", s.listProperties},
		{"property.get", "GET issue/{issue}/properties/{property}", s.getProperty},
		{"property.put", "PUT issue/{issue}/properties/{property}", s.putProperty},
		{"attachment.add", "POST issue/{issue}/attachments", s.addAttachment},
	}
}

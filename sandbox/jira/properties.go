package jira

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

func (s *Server) listProperties(w http.ResponseWriter, r *http.Request) error {
	issue, err := s.find(r.PathValue("issue"))
	if err != nil {
		return err
	}
	keys := []object{}
	for _, key := range slices.Sorted(maps.Keys(issue.Properties)) {
		keys = append(keys, object{"key": key, "self": issueURL(base(r), issue) + "/properties/" + key})
	}
	writeJSON(w, http.StatusOK, object{"keys": keys})
	return nil
}

func (s *Server) getProperty(w http.ResponseWriter, r *http.Request) error {
	issue, err := s.find(r.PathValue("issue"))
	if err != nil {
		return err
	}
	key := r.PathValue("property")
	value, ok := issue.Properties[key]
	if !ok {
		return failed(http.StatusNotFound, "The property with key '%s' does not exist.", key)
	}
	writeJSON(w, http.StatusOK, object{"key": key, "value": value})
	return nil
}

func (s *Server) putProperty(w http.ResponseWriter, r *http.Request) error {
	key := r.PathValue("property")
	value, err := readBody(w, r, maxBody)
	if err != nil {
		return err
	}
	if message := checkProperty(key, value); message != "" {
		return failed(http.StatusBadRequest, "%s", message)
	}
	status := http.StatusOK
	_, err = s.change(r.PathValue("issue"), s.api(), event{}, func(issue *Issue) error {
		if issue.Properties == nil {
			issue.Properties = map[string]json.RawMessage{}
		}
		if _, exists := issue.Properties[key]; !exists {
			status = http.StatusCreated
		}
		issue.Properties[key] = value
		return nil
	})
	if err != nil {
		return err
	}
	writeJSON(w, status, object{})
	return nil
}

package jira

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

func priorities() []string { return []string{"Highest", "High", "Medium", "Low", "Lowest"} }

// named reads {"name": ...} or {"id": ...}, where ids count from 1, and
// returns the name, or a message when there is no such value.
func named(raw json.RawMessage, names []string, what string) (name, message string) {
	var in *struct{ ID, Name string }
	if err := json.Unmarshal(raw, &in); err != nil {
		return "", "Could not find valid 'id' or 'name' in " + what + " object."
	}
	if in == nil {
		return "", ""
	}
	for i, candidate := range names {
		if in.ID == fmt.Sprint(i+1) || (in.ID == "" && strings.EqualFold(in.Name, candidate)) {
			return candidate, ""
		}
	}
	if in.ID != "" {
		return "", fmt.Sprintf("%s with id '%s' does not exist.", what, in.ID)
	}
	return "", fmt.Sprintf("The %s selected is invalid.", what)
}

func checkProperty(key string, value json.RawMessage) string {
	switch {
	case key == "" || len(key) > 255:
		return "The property key must have 1 to 255 characters."
	case !json.Valid(value):
		return "The property value must be valid JSON."
	case utf8.RuneCount(value) > 32768:
		return "The property value cannot exceed 32768 characters."
	}
	return ""
}

package ntfy

import (
	"encoding/json"
	"net/http"
	"sort"
	"unicode/utf8"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

// publication is the body of ntfy's JSON publishing.
type publication struct {
	Topic    string   `json:"topic"`
	Title    string   `json:"title"`
	Message  string   `json:"message"`
	Priority int      `json:"priority"`
	Tags     []string `json:"tags,omitempty"`
	Click    string   `json:"click,omitempty"`
	Actions  []action `json:"actions,omitempty"`
}

// action is a button below a notification.
type action struct {
	Action string `json:"action"`
	Label  string `json:"label"`
	URL    string `json:"url"`
	Method string `json:"method,omitempty"`
	Clear  bool   `json:"clear,omitempty"`
}

func publish(topic string, m incident.Message) publication {
	links := usable(m.Links)
	out := publication{
		Topic: topic, Title: cut(m.Headline(), maxTitle), Message: cut(m.Body, maxMessage),
		Priority: priorityDefault, Click: m.AckURL, Actions: actions(m, links),
	}
	if m.Urgent {
		out.Priority = priorityMax
		out.Tags = append(out.Tags, "rotating_light")
	}
	for _, tag := range []string{m.Severity, m.Service} {
		if tag != "" {
			out.Tags = append(out.Tags, tag)
		}
	}
	if out.Click == "" && len(links) > 0 {
		out.Click = links[0].URL
	}
	return out.fitting()
}

// fitting cuts the text until the whole fits as JSON, which makes marks and
// line breaks longer.
func (p publication) fitting() publication {
	tooLong := func(size int) bool {
		shorter := p
		shorter.Message = cut(p.Message, size)
		data, _ := json.Marshal(shorter) // texts and a number always encode
		return len(data) > maxJSON
	}
	size := len(p.Message)
	if tooLong(size) {
		size = max(sort.Search(size, tooLong)-1, 0)
	}
	p.Message = cut(p.Message, size)
	return p
}

// usable leaves out links that ntfy would refuse the whole page for.
func usable(links []incident.MessageLink) []incident.MessageLink {
	var out []incident.MessageLink
	for _, l := range links {
		if _, err := rest.ParseURL(l.URL); err == nil && l.Title != "" {
			out = append(out, l)
		}
	}
	return out
}

func actions(m incident.Message, links []incident.MessageLink) []action {
	var out []action
	if m.AckAction != "" {
		out = append(out, action{Action: "http", Label: "Acknowledge", URL: m.AckAction, Method: http.MethodPost, Clear: true})
	}
	for _, l := range links[:min(len(links), maxActions-len(out))] {
		out = append(out, action{Action: "view", Label: l.Title, URL: l.URL})
	}
	return out
}

// cut shortens a text to at most size bytes, between characters.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	size = max(size-len("…"), 0)
	for size > 0 && !utf8.RuneStart(text[size]) {
		size--
	}
	return text[:size] + "…"
}

package sandbox

import (
	"net/http"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/inbox"
	"github.com/tocsinhq/tocsin/sandbox/internal/page"
)

// handler is every part under its own path. Browsers may not be made to press
// the sandbox's buttons from another site.
func (s *Sandbox) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/jira/", s.Jira)
	mux.Handle("/inbox/", s.Inbox)
	mux.Handle("/phone", s.Phone)
	mux.Handle("/phone/", s.Phone)
	mux.Handle("/twilio/", s.Twilio)
	mux.Handle("/pushover/", s.Pushover)
	mux.Handle("/deploy/", s.Deployer)
	for _, path := range []string{"/metrics", "/metrics-page", "/metrics/", "/prometheus/"} {
		mux.Handle(path, s.Metrics)
	}
	mux.Handle("/heartbeat/", s.Heartbeat)
	mux.HandleFunc("GET /{$}", s.index)
	return http.NewCrossOriginProtection().Handler(mux)
}

// part is one card of the index.
type part struct {
	Name, Path, About string
	Count             int
}

func (s *Sandbox) index(w http.ResponseWriter, _ *http.Request) {
	data := struct {
		Parts []part
		SMTP  string
		Now   time.Time
	}{SMTP: s.SMTPAddr(), Now: time.Now(), Parts: []part{
		{"JIRA", "/jira/", "A board on which to move, comment on and delete issues. REST under /jira/rest/api/2/.", len(s.Jira.Issues())},
		{"Inbox", "/inbox/", "Every mail that was sent, in threads.", len(s.Inbox.Messages(inbox.Query{}))},
		{"Phones", "/phone/", "What was pushed to whom, with buttons that work, and signed webhooks.", len(s.Phone.Pages(""))},
		{"SMS", "/twilio/", "Phones that get SMS and reply to them. Twilio's API below it.", len(s.Twilio.Messages(""))},
		{"Pushover", "/pushover/", "Phones that ring until somebody acknowledges. Pushover's API below it.", len(s.Pushover.Messages(""))},
		{"Deployments", "/deploy/", "What of each service is deployed; deploy a bad one to see it fail.", len(s.Deployer.Services())},
		{"Metrics", "/metrics-page", "What a Prometheus would see at /metrics.", len(s.Metrics.Series())},
		{"Heartbeat", "/heartbeat/", "A dead-man's switch: when a synthetic alert last came through the whole of Tocsin.", len(s.Heartbeat.Beats())},
	}}
	s.pages.Write(w, "index.html", http.StatusOK, page.View{Title: "The outside world", Refresh: 10, Data: data})
}

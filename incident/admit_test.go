package incident_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// attempts gives every command with arguments that would be taken, or fail
// for another reason than who gives it.
func attempts(i *incident.Incident, h incident.Header, text string) map[string]error {
	errs := map[string]error{}
	keep := func(name string) func(incident.Outcome, error) {
		return func(_ incident.Outcome, err error) { errs[name] = err }
	}
	c, target := i.Clone, oncall.Target{Person: "bob"}
	keep("acknowledge")(c().Acknowledge(h, incident.Acknowledge{}, h.At))
	keep("decline")(c().Decline(h, incident.Decline{Reason: text}, h.At))
	keep("escalate")(c().Escalate(h, incident.Escalate{Reason: text}, h.At))
	keep("reassign")(c().Reassign(h, incident.Reassign{To: target, Reason: text}, h.At))
	classify := classification(catalog.SEV3)
	classify.What = text
	keep("classify")(c().Classify(h, classify, h.At))
	keep("assign-role")(c().AssignRole(h, incident.AssignRole{Role: incident.Scribe, Person: text}, h.At))
	keep("accept-role")(c().AcceptRole(h, incident.AcceptRole{Role: incident.Scribe}, h.At))
	keep("add-responder")(c().AddResponder(h, incident.AddResponder{Target: target, Reason: text}, h.At))
	keep("note")(c().Note(h, incident.Note{Text: text}, h.At))
	keep("link")(c().AddLink(h, incident.AddLink{Title: text, URL: "https://example.org"}, h.At))
	keep("set-status")(c().SetStatus(h, incident.SetStatus{Status: text}, h.At))
	keep("post-update")(c().PostUpdate(h, incident.PostUpdate{What: text, Doing: "d"}, h.At))
	keep("mitigate")(c().Mitigate(h, incident.Mitigate{What: text}, h.At))
	keep("resolve")(c().Resolve(h, incident.Resolve{Reason: text}, h.At))
	keep("reopen")(c().Reopen(h, incident.Reopen{Reason: text}, h.At))
	keep("cancel")(c().Cancel(h, incident.Cancel{Reason: text}, h.At))
	keep("correct-stamp")(c().CorrectStamp(h, incident.CorrectStamp{Clock: incident.Contained, At: noon, Reason: text}, h.At))
	keep("add-follow-up")(c().AddFollowUp(h, incident.AddFollowUp{Title: text}, h.At))
	keep("complete-follow-up")(c().CompleteFollowUp(h, incident.CompleteFollowUp{ID: "1", Text: text}, h.At))
	keep("waive-follow-up")(c().WaiveFollowUp(h, incident.WaiveFollowUp{ID: "1", Reason: text}, h.At))
	keep("confirm-collected")(c().ConfirmCollected(h, incident.ConfirmCollected{}, h.At))
	keep("close")(c().Close(h, incident.Close{}, h.At))
	keep("start-run")(c().StartRun(h, incident.StartRun{Name: "rollback", Params: map[string]string{"x": text}}, h.At))
	keep("answer")(c().Answer(h, incident.Answer{Question: "q", Choice: "approve", Reason: text}, h.At))
	return errs
}

func TestAMachineCommandsNothingButNotesAndLinks(t *testing.T) {
	i := held(t)
	for name, who := range map[string]incident.Actor{
		"a machine": incident.Machine("deployer"), "Tocsin itself": incident.Self(), "nobody": incident.Person(""), "no kind": {ID: "x"},
	} {
		for command, err := range attempts(i, incident.Header{ID: "1", By: who, At: after(time.Hour)}, "x") {
			if who.Kind == incident.AMachine && has([]string{"note", "link"}, command) {
				require.NoError(t, err, "%s may %s", name, command)
				continue
			}
			require.Equal(t, incident.Forbidden, incident.KindOf(err), "%s may not %s: %v", name, command, err)
		}
	}
}

func TestTextsAreBounded(t *testing.T) {
	free := []string{"acknowledge", "accept-role", "confirm-collected", "close"}
	for command, err := range attempts(held(t), by("alice", time.Hour), strings.Repeat("ü", 4001)) {
		if !has(free, command) {
			require.Equal(t, incident.Invalid, incident.KindOf(err), "%s: %v", command, err)
		}
	}
	i := held(t)
	do(t, i, "alice", time.Hour, i.Note, incident.Note{Text: strings.Repeat("ü", 4000)})
}

func TestALinkLeadsABrowserSomewhereSafe(t *testing.T) {
	i := held(t)
	for _, address := range []string{"javascript:alert(1)", "ftp://x/y", "https:", "//example.org", "not a link", "https://" + strings.Repeat("x", 2048), ""} {
		refused(t, incident.Invalid, by("alice", time.Hour), i.AddLink, incident.AddLink{Title: "x", URL: address})
	}
	for n := range 20 {
		do(t, i, "alice", time.Hour, i.AddLink, incident.AddLink{Title: fmt.Sprint(n), URL: "http://example.org/graph"})
	}
	refused(t, incident.Refused, by("alice", time.Hour), i.AddLink, incident.AddLink{Title: "x", URL: "http://example.org"})
}

func TestEmptyWordsAreRefused(t *testing.T) {
	i := held(t)
	refused(t, incident.Invalid, by("alice", time.Hour), i.Note, incident.Note{})
	refused(t, incident.Invalid, by("alice", time.Hour), i.SetStatus, incident.SetStatus{})
}

func TestEveryTimelineEntrySaysWhoWhenAndThroughWhat(t *testing.T) {
	i := held(t)
	i.Drain()
	require.False(t, i.Undrained())
	_, err := i.Note(by("alice", time.Hour), incident.Note{Text: "hello", Highlight: true}, after(2*time.Hour))
	require.NoError(t, err)
	require.True(t, i.Undrained())
	require.Equal(t, []incident.Entry{{
		Sequence: i.Sequence, Kind: "note", Occurred: after(time.Hour), Recorded: after(2 * time.Hour),
		Actor: incident.Person("alice"), Role: incident.Holder, Source: "api", Text: "hello", Highlight: true,
	}}, i.Drain())
}

func TestWhatCannotBeToldDoesNotPileUp(t *testing.T) {
	i := held(t)
	for n := range 300 {
		a := since(firing("a"), time.Duration(n+1)*time.Hour)
		i.TakeAlerts([]alerts.Alert{a}, 0, a.StartsAt)
		a.Status = alerts.Resolved
		i.TakeAlerts([]alerts.Alert{a}, 0, a.StartsAt)
	}
	require.Len(t, i.Outbox.Notices, 40)
	i.PublishFailed("the mail server refuses", after(time.Hour))
	require.Contains(t, kinds(i), "notice.dropped")
}

func TestAFullStateStaysBelowItsBound(t *testing.T) {
	i := held(t)
	long := strings.Repeat("x", 4000)
	h := by("alice", time.Hour)
	do(t, i, "alice", time.Hour, i.Classify, incident.Classify{
		What: long, Impact: incident.Impact{Scope: catalog.External, Users: long, Cannot: long}, Severity: catalog.SEV3, WhoFixes: long,
	})
	do(t, i, "alice", time.Hour, i.SetStatus, incident.SetStatus{Status: long, NextStep: long})
	for n := range 100 {
		a := firing(fmt.Sprint(n))
		a.Annotations["summary"] = long
		i.TakeAlerts([]alerts.Alert{a}, 0, h.At)
		_, _ = i.AddFollowUp(h, incident.AddFollowUp{Title: long[:240]}, h.At)
		_, _ = i.CompleteFollowUp(h, incident.CompleteFollowUp{ID: fmt.Sprint(n + 1), Text: long}, h.At)
		_, _ = i.AddLink(h, incident.AddLink{Title: long[:240], URL: "https://example.org/" + long[:2000]}, h.At)
		_, _ = i.PostUpdate(h, incident.PostUpdate{What: long, Doing: long}, h.At)
		_, _ = i.CorrectStamp(h, incident.CorrectStamp{Clock: incident.Contained, At: noon, Reason: long}, h.At)
		_, _ = i.AddResponder(h, incident.AddResponder{Target: oncall.Target{Person: "bob"}, Reason: long}, h.At)
		out, err := i.StartRun(h, incident.StartRun{Name: "rollback", Params: map[string]string{"x": long[:900]}}, h.At)
		if err == nil {
			i.RunAsked(incident.Question{ID: out.ID + "q", Run: out.ID, Text: long, Choices: []string{"yes", "no"}, Until: after(2 * time.Hour)}, h.At)
			i.RunEnded(out.ID, incident.RunFailed, long, h.At)
		}
	}
	data, err := json.Marshal(i)
	require.NoError(t, err)
	require.Less(t, len(data), 256<<10)
}

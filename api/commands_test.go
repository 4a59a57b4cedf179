package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// everyCommand is each command with a body that fits and what its incident
// must then receive.
var everyCommand = []struct {
	path, body, name string
	args             any
	machines         bool
}{
	{"acknowledge", `{"page":"k"}`, "acknowledge", incident.Acknowledge{Page: "k"}, false},
	{"acknowledge", ``, "acknowledge", incident.Acknowledge{}, false},
	{"decline", `{"reason":"asleep"}`, "decline", incident.Decline{Reason: "asleep"}, false},
	{"escalate", `{"reason":"help"}`, "escalate", incident.Escalate{Reason: "help"}, false},
	{"reassign", `{"to":{"team":"payments"},"reason":"theirs"}`, "reassign", incident.Reassign{To: oncall.Target{Team: "payments"}, Reason: "theirs"}, false},
	{
		"classify", `{"what":"w","impact":{"scope":"external","users":"many","cannot":"pay"},"severity":"unknown","who_fixes":"unknown"}`, "classify",
		incident.Classify{What: "w", Impact: incident.Impact{Scope: catalog.External, Users: "many", Cannot: "pay"}, Severity: "unknown", WhoFixes: "unknown"},
		false,
	},
	{"roles", `{"role":"commander","person":"bob"}`, "assign-role", incident.AssignRole{Role: incident.Commander, Person: "bob"}, false},
	{"roles/commander/accept", ``, "accept-role", incident.AcceptRole{Role: incident.Commander}, false},
	{"responders", `{"target":{"schedule":"payments/secondary"},"reason":"db"}`, "add-responder", incident.AddResponder{Target: oncall.Target{Schedule: "payments/secondary"}, Reason: "db"}, false},
	{"notes", `{"text":"t","highlight":true}`, "note", incident.Note{Text: "t", Highlight: true}, true},
	{"links", `{"title":"t","url":"https://example.org/a"}`, "link", incident.AddLink{Title: "t", URL: "https://example.org/a"}, true},
	{"status", `{"status":"s","next_step":"n"}`, "set-status", incident.SetStatus{Status: "s", NextStep: "n"}, false},
	{"updates", `{"what":"w","doing":"d","estimate":"2026-03-01T03:00:00Z"}`, "post-update", incident.PostUpdate{What: "w", Doing: "d", Estimate: night.Add(time.Hour)}, false},
	{"mitigate", `{"what":"w","since":"2026-03-01T01:00:00Z"}`, "mitigate", incident.Mitigate{What: "w", Since: night.Add(-time.Hour)}, false},
	{"resolve", `{"fix":"f","confirmations":["support"]}`, "resolve", incident.Resolve{Fix: "f", Confirmations: []string{"support"}}, false},
	{"reopen", `{"reason":"r"}`, "reopen", incident.Reopen{Reason: "r"}, false},
	{"cancel", `{"reason":"r"}`, "cancel", incident.Cancel{Reason: "r"}, false},
	{"merge", `{"into":"INC-2","reason":"r"}`, "merge", incident.MergeInto{Into: "INC-2", Reason: "r"}, false},
	{"split", `{"alerts":["a","b"],"title":"t","reason":"r"}`, "split", incident.Split{Alerts: []string{"a", "b"}, Title: "t", Reason: "r"}, false},
	{"stamps", `{"clock":"contained","at":"2026-03-01T02:00:00Z","reason":"r"}`, "correct-stamp", incident.CorrectStamp{Clock: incident.Contained, At: night, Reason: "r"}, false},
	{"follow-ups", `{"title":"t","owner":"alice","priority":"high"}`, "add-follow-up", incident.AddFollowUp{Title: "t", Owner: "alice", Priority: catalog.High}, false},
	{"follow-ups/confirm", ``, "confirm-collected", incident.ConfirmCollected{}, false},
	{"follow-ups/1/complete", `{"text":"t"}`, "complete-follow-up", incident.CompleteFollowUp{ID: "1", Text: "t"}, false},
	{"follow-ups/1/complete", ``, "complete-follow-up", incident.CompleteFollowUp{ID: "1"}, false},
	{"follow-ups/2/waive", `{"reason":"r"}`, "waive-follow-up", incident.WaiveFollowUp{ID: "2", Reason: "r"}, false},
	{"close", ``, "close", incident.Close{}, false},
	{"runs", `{"name":"rollback","params":{"target":"checkout"},"dry_run":true}`, "start-run", incident.StartRun{Name: "rollback", Params: map[string]string{"target": "checkout"}, DryRun: true}, false},
	{"runs/rollback-1/control", `{"do":"abort","reason":"r"}`, "control-run", incident.ControlRun{Run: "rollback-1", Do: "abort", Reason: "r"}, false},
	{"questions/q-1/answer", `{"choice":"approve","reason":"r"}`, "answer", incident.Answer{Question: "q-1", Choice: "approve", Reason: "r"}, false},
}

func TestEveryCommandReachesItsIncident(t *testing.T) {
	w := newWorld(t)
	w.store.Put(sample("INC-2"))
	for n, c := range everyCommand {
		var out incident.Outcome
		w.do("alice", "POST", "/v1/incidents/INC-1/"+c.path, c.body).want(200, &out)
		require.Equal(t, incident.Outcome{Number: "INC-1", Phase: incident.Triaging, Holder: "alice", Revision: 3, Text: "done"}, out)
		sent := w.commands.Sent()
		require.Len(t, sent, n+1)
		last := sent[n]
		require.Equal(t, c.name, last.Name, c.path)
		require.Equal(t, c.args, last.Args, c.path)
		require.Equal(t, "INC-1", last.Number)
		require.Equal(t, incident.Person("alice"), last.Header.By)
		require.Equal(t, night, last.Header.At)
		require.Equal(t, "api", last.Header.Via)
		require.NotEmpty(t, last.Header.ID, "a key is made when the caller sends none")
	}
}

func TestMachinesMayNotDoWhatOnlyPeopleDo(t *testing.T) {
	w := newWorld(t)
	for _, c := range everyCommand {
		before := len(w.commands.Sent())
		got := w.do("alertmanager", "POST", "/v1/incidents/INC-1/"+c.path, c.body)
		if c.machines {
			got.want(200)
			require.Equal(t, incident.Machine("alertmanager"), w.commands.Sent()[before].Header.By)
			continue
		}
		p := got.problem(403, "forbidden")
		require.Contains(t, p.Detail, "machine", c.path)
		require.Len(t, w.commands.Sent(), before, c.path)
	}
	w.do("alertmanager", "POST", "/v1/incidents", `{"title":"t","service":"checkout"}`).problem(403, "forbidden")
}

func TestHeaderSaysWhoAndWhatTheyMay(t *testing.T) {
	w := newWorld(t)
	w.grant("person", "dave", api.ScopeRespond)
	w.do("dave", "POST", "/v1/incidents/INC-1/acknowledge", "",
		header("Idempotency-Key", "tap-1"), header("User-Agent", "tocsin-cli/1.0")).want(200)
	h := w.commands.Sent()[0].Header
	require.NotEmpty(t, h.ID)
	require.Equal(t, "cli", h.Via)
	require.ElementsMatch(t, []catalog.Standing{catalog.TeamLead, catalog.StandingMember}, h.Standings)
}

func TestAcknowledgementLeftForTheIncidentIsAccepted(t *testing.T) {
	w := newWorld(t)
	w.commands.Answer(incident.Outcome{Text: incident.Accepted}, nil)
	var out incident.Outcome
	w.do("alice", "POST", "/v1/incidents/INC-1/acknowledge", "").want(202, &out)
	require.Equal(t, "INC-1", out.Number)
}

func TestCommandsNeedNeitherStoreNorCatalog(t *testing.T) {
	w := newWorld(t)
	w.do("alice", "GET", "/v1/me", "").want(200) // the token is known from now on
	w.store.Fail(errDown)
	w.clock.Move(time.Hour)
	w.do("alice", "POST", "/v1/incidents/INC-1/acknowledge", "").want(200)
	require.Len(t, w.commands.Sent(), 1)
	w.do("alice", "GET", "/v1/incidents/INC-1", "").problem(503, "unavailable")
}

// A database that hangs is worse than one that is away.
func TestCommandsDoNotWaitForAStoreThatHangs(t *testing.T) {
	w := newWorld(t)
	w.do("alice", "GET", "/v1/me", "").want(200)
	w.store.Hang()
	w.clock.Move(time.Hour)
	begun := time.Now()
	w.do("alice", "POST", "/v1/incidents/INC-1/acknowledge", "").want(200)
	w.do("", "POST", w.link(), "").want(200)
	require.Less(t, time.Since(begun), 5*time.Second)
	require.Len(t, w.commands.Sent(), 2)
}

func TestRefusals(t *testing.T) {
	closed := sample("INC-9")
	closed.Phase = incident.Closed
	gone := incident.Errorf(incident.Gone, "workflow not found")
	for name, tc := range map[string]struct {
		number string
		err    error
		status int
		kind   string
		detail string
	}{
		"a rule":            {"INC-1", incident.Refusal("INC-1 cannot close yet", "follow-up 1 is open"), 409, "refused", "cannot close yet"},
		"bad arguments":     {"INC-1", incident.Errorf(incident.Invalid, "at: a stamp cannot lie in the future"), 400, "invalid", "future"},
		"no authority":      {"INC-1", incident.Errorf(incident.Forbidden, "needs the commander"), 403, "forbidden", "commander"},
		"unknown question":  {"INC-1", incident.Errorf(incident.NotFound, "INC-1 has no question \"q\""), 404, "not-found", "no question"},
		"unknown":           {"INC-404", gone, 404, "not-found", "there is no incident INC-404"},
		"over":              {"INC-9", gone, 409, "refused", "INC-9 is closed"},
		"workflow gone":     {"INC-1", gone, 409, "conflict", "is gone"},
		"nobody knows":      {"INC-1", incident.Errorf(incident.Unavailable, "temporal at 10.0.0.7 is away"), 503, "unavailable", "same Idempotency-Key"},
		"the world moved":   {"INC-1", incident.Errorf(incident.Conflict, "changed"), 409, "conflict", "changed"},
		"never acceptable":  {"INC-1", incident.Errorf(incident.Permanent, "no"), 422, "permanent", "no"},
		"a failure of ours": {"INC-1", errBoom, 500, "internal", "request id"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.store.Put(closed)
			w.commands.Answer(incident.Outcome{}, tc.err)
			got := w.do("alice", "POST", "/v1/incidents/"+tc.number+"/close", "")
			p := got.problem(tc.status, tc.kind)
			require.Contains(t, p.Detail, tc.detail)
			require.NotContains(t, string(got.body), "hunter2")
			require.NotContains(t, string(got.body), "10.0.0.7")
			switch tc.status {
			case 503:
				require.Equal(t, "5", got.header.Get("Retry-After"))
			case 500:
				require.Contains(t, w.log.String(), p.RequestID)
				require.Contains(t, w.log.String(), "boom")
			}
		})
	}
	w := newWorld(t)
	w.commands.Answer(incident.Outcome{}, incident.Refusal("not yet", "one", "two"))
	require.Equal(t, []string{"one", "two"}, w.do("alice", "POST", "/v1/incidents/INC-1/close", "").problem(409, "refused").Missing)
}

func TestDeclare(t *testing.T) {
	w := newWorld(t)
	var out struct{ Number string }
	got := w.do("alice", "POST", "/v1/incidents",
		`{"title":"Customers cannot pay","service":"checkout","severity":"SEV2","impact":{"scope":"external"},"note":"Three tickets."}`,
		header("Idempotency-Key", "once")).want(201, &out)
	require.Equal(t, "INC-2", out.Number)
	require.Equal(t, "/v1/incidents/INC-2", got.header.Get("Location"))
	declared := w.intake.Declarations()
	require.Len(t, declared, 1)
	require.NotEqual(t, "once", declared[0].ID, "others may use this key too")
	require.LessOrEqual(t, len(declared[0].ID), 200)
	require.Equal(t, incident.Person("alice"), declared[0].By)
	require.Equal(t, catalog.SEV2, declared[0].Severity)
	note := w.commands.Sent()[0]
	require.Equal(t, incident.Note{Text: "Three tickets.", Highlight: true}, note.Args)
	require.LessOrEqual(t, len(note.Header.ID), 200)

	w.do("alice", "POST", "/v1/incidents", `{"title":"x","service":"checkout","note":"Three tickets."}`, header("Idempotency-Key", "once")).want(201)
	require.Equal(t, declared[0].ID, w.intake.Declarations()[1].ID, "a repetition declares one incident")
	require.Equal(t, note.Header.ID, w.commands.Sent()[1].Header.ID, "a repetition adds the note once")

	w.intake.Fail(incident.Errorf(incident.Unavailable, "away"))
	w.do("alice", "POST", "/v1/incidents", `{"title":"x","service":"checkout"}`).problem(503, "unavailable")
	none := newWorld(t, func(c *api.Config) { c.Intake = nil })
	none.do("alice", "POST", "/v1/incidents", `{"title":"x","service":"checkout"}`).problem(404, "not-found")
}

func TestBadInput(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("x", 300<<10)
	for name, tc := range map[string]struct {
		method, path, body string
		options            []option
		status             int
		kind, field        string
	}{
		"not JSON":               {"POST", "/v1/incidents/INC-1/notes", `{"text":`, nil, 400, "invalid", ""},
		"not an object":          {"POST", "/v1/incidents/INC-1/notes", `["text"]`, nil, 400, "invalid", ""},
		"null":                   {"POST", "/v1/incidents/INC-1/notes", `null`, nil, 400, "invalid", ""},
		"nothing":                {"POST", "/v1/incidents/INC-1/notes", ``, nil, 400, "invalid", ""},
		"two values":             {"POST", "/v1/incidents/INC-1/notes", `{"text":"t"} {"text":"u"}`, nil, 400, "invalid", ""},
		"unknown field":          {"POST", "/v1/incidents/INC-1/notes", `{"text":"t","tone":"loud"}`, nil, 400, "invalid", "tone"},
		"unknown field, deep":    {"POST", "/v1/incidents/INC-1/reassign", `{"to":{"tema":"payments"},"reason":"r"}`, nil, 400, "invalid", "to.tema"},
		"other case":             {"POST", "/v1/incidents/INC-1/notes", `{"Text":"t"}`, nil, 400, "invalid", "Text"},
		"wrong type":             {"POST", "/v1/incidents/INC-1/notes", `{"text":7}`, nil, 400, "invalid", "text"},
		"wrong type in a list":   {"POST", "/v1/incidents/INC-1/resolve", `{"confirmations":["a",2]}`, nil, 400, "invalid", "confirmations[1]"},
		"missing field":          {"POST", "/v1/incidents/INC-1/notes", `{}`, nil, 400, "invalid", "text"},
		"empty text":             {"POST", "/v1/incidents/INC-1/notes", `{"text":""}`, nil, 400, "invalid", "text"},
		"long text":              {"POST", "/v1/incidents/INC-1/notes", `{"text":"` + long[:20000] + `"}`, nil, 400, "invalid", "text"},
		"huge body":              {"POST", "/v1/incidents/INC-1/notes", `{"text":"` + long + `"}`, nil, 413, "too-large", ""},
		"body where none is due": {"POST", "/v1/incidents/INC-1/close", long, nil, 413, "too-large", ""},
		"deep nesting":           {"POST", "/v1/incidents/INC-1/notes", strings.Repeat("[", 100000), nil, 400, "invalid", ""},
		"not a time":             {"POST", "/v1/incidents/INC-1/mitigate", `{"what":"w","since":"yesterday"}`, nil, 400, "invalid", "since"},
		"not on the calendar":    {"POST", "/v1/incidents/INC-1/mitigate", `{"what":"w","since":"2026-02-30T02:00:00Z"}`, nil, 400, "invalid", ""},
		"a zero character":       {"POST", "/v1/incidents/INC-1/notes", `{"text":"a\u0000b"}`, nil, 400, "invalid", ""},
		"one in a query":         {"GET", "/v1/incidents?text=a%00", ``, nil, 400, "invalid", "text"},
		"one in a path":          {"GET", "/v1/people/a%00b/rules", ``, nil, 400, "invalid", "person"},
		"one that hides":         {"GET", "/v1/people/a%2500b/rules", ``, nil, 400, "invalid", "person"},
		"no UTF-8 in a query":    {"GET", "/v1/incidents?text=%ff", ``, nil, 400, "invalid", "text"},
		"no UTF-8 in a path":     {"GET", "/v1/people/%ff/rules", ``, nil, 400, "invalid", "person"},
		"the end of time":        {"GET", "/v1/oncall/shifts?from=9999-12-31T23:59:59Z", ``, nil, 400, "invalid", "from"},
		"before all time":        {"GET", "/v1/oncall?at=0001-01-01T00:00:01Z", ``, nil, 400, "invalid", "at"},
		"unknown severity":       {"POST", "/v1/incidents", `{"title":"t","service":"s","severity":"SEV9"}`, nil, 400, "invalid", "severity"},
		"unknown clock":          {"POST", "/v1/incidents/INC-1/stamps", `{"clock":"lunch","at":"2026-03-01T02:00:00Z","reason":"r"}`, nil, 400, "invalid", "clock"},
		"unknown role":           {"POST", "/v1/incidents/INC-1/roles/king/accept", ``, nil, 400, "invalid", "role"},
		"unknown person":         {"POST", "/v1/incidents/INC-1/roles", `{"role":"scribe","person":"nobody"}`, nil, 400, "invalid", "person"},
		"unknown team":           {"POST", "/v1/incidents/INC-1/reassign", `{"to":{"team":"x"},"reason":"r"}`, nil, 400, "invalid", "to"},
		"unknown rotation":       {"POST", "/v1/incidents/INC-1/responders", `{"target":{"schedule":"payments/x"},"reason":"r"}`, nil, 400, "invalid", "target"},
		"unknown owner":          {"POST", "/v1/incidents/INC-1/follow-ups", `{"title":"t","owner":"x"}`, nil, 400, "invalid", "owner"},
		"unknown runbook":        {"POST", "/v1/incidents/INC-1/runs", `{"name":"x"}`, nil, 400, "invalid", "name"},
		"two targets":            {"POST", "/v1/incidents/INC-1/responders", `{"target":{"person":"bob","team":"payments"},"reason":"r"}`, nil, 400, "invalid", "target"},
		"no target":              {"POST", "/v1/incidents/INC-1/responders", `{"target":{},"reason":"r"}`, nil, 400, "invalid", "target"},
		"script for a link":      {"POST", "/v1/incidents/INC-1/links", `{"title":"t","url":"javascript:alert(1)"}`, nil, 400, "invalid", "url"},
		"long key":               {"POST", "/v1/incidents/INC-1/close", ``, []option{header("Idempotency-Key", long[:201])}, 400, "invalid", "Idempotency-Key"},
		"strange key":            {"POST", "/v1/incidents/INC-1/close", ``, []option{header("Idempotency-Key", "a b")}, 400, "invalid", "Idempotency-Key"},
		"form":                   {"POST", "/v1/incidents/INC-1/notes", `text=t`, []option{header("Content-Type", "application/x-www-form-urlencoded")}, 415, "unsupported-media", ""},
		"no content type":        {"POST", "/v1/incidents/INC-1/notes", `{"text":"t"}`, []option{header("Content-Type", "")}, 415, "unsupported-media", ""},
		"bad number":             {"GET", "/v1/incidents/42", ``, nil, 400, "invalid", "number"},
		"number with a path":     {"GET", "/v1/incidents/INC-1%2F..", ``, nil, 400, "invalid", "number"},
		"unknown number":         {"GET", "/v1/incidents/INC-42", ``, nil, 404, "not-found", ""},
		"unknown address":        {"GET", "/v1/nothing", ``, nil, 404, "not-found", ""},
		"wrong method":           {"DELETE", "/v1/incidents", ``, nil, 405, "method-not-allowed", ""},
		"unknown filter":         {"GET", "/v1/incidents?phases=triggered", ``, nil, 400, "invalid", "phases"},
		"unknown phase":          {"GET", "/v1/incidents?phase=asleep", ``, nil, 400, "invalid", "phase"},
		"bad boolean":            {"GET", "/v1/incidents?open=perhaps", ``, nil, 400, "invalid", "open"},
		"bad limit":              {"GET", "/v1/incidents?limit=0", ``, nil, 400, "invalid", "limit"},
		"huge limit":             {"GET", "/v1/incidents?limit=99999999999999999999", ``, nil, 400, "invalid", "limit"},
		"bad cursor":             {"GET", "/v1/incidents?cursor=x", ``, nil, 400, "invalid", ""},
		"bad time":               {"GET", "/v1/oncall?at=now", ``, nil, 400, "invalid", "at"},
		"date that is none":      {"GET", "/v1/oncall?at=2026-02-30T00:00:00Z", ``, nil, 400, "invalid", ""},
		"unknown schedule":       {"GET", "/v1/oncall?schedule=x", ``, nil, 404, "not-found", ""},
		"me as a machine":        {"GET", "/v1/incidents?holder=me", ``, []option{func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+w.tokens["alertmanager"]) }}, 400, "invalid", ""},
		"bad event id":           {"GET", "/v1/events", ``, []option{header("Last-Event-ID", "x")}, 400, "invalid", "Last-Event-ID"},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			p := w.do("alice", tc.method, tc.path, tc.body, tc.options...).problem(tc.status, tc.kind)
			require.Equal(t, tc.field, p.Field, p.Detail)
			require.NotEmpty(t, p.Detail)
			require.Less(t, len(p.Detail), 300)
		})
	}
	require.Empty(t, w.commands.Sent())
	w.t = t
	w.do("alice", "POST", "/v1/incidents/INC-1/notes", `{"text":"it printed a\\u0000b"}`).want(200)
}

// An incident is opened before it is recorded, and before it has a claim when
// the database is away.
func TestMergeIntoWhatIsNotRecordedYet(t *testing.T) {
	w := newWorld(t)
	w.store.Take("INC-40")
	for n, into := range []string{"INC-40", "INC-x3"} {
		w.do("alice", "POST", "/v1/incidents/INC-1/merge", `{"into":"`+into+`","reason":"r"}`).want(200)
		require.Equal(t, incident.MergeInto{Into: into, Reason: "r"}, w.commands.Sent()[n].Args)
	}
}

// What the other incident would refuse is refused at once.
func TestMergeIntoWhatCannotTakeOver(t *testing.T) {
	w := newWorld(t)
	closed, merged := sample("INC-21"), sample("INC-22")
	closed.Phase = incident.Closed
	merged.Phase, merged.Into = incident.Merged, "INC-1"
	w.store.Put(closed)
	w.store.Put(merged)
	merge := func(into string) answer {
		return w.do("alice", "POST", "/v1/incidents/INC-1/merge", `{"into":"`+into+`","reason":"r"}`)
	}
	require.Contains(t, merge("INC-1").problem(400, "invalid").Detail, "part of itself")
	require.Contains(t, merge("INC-404").problem(400, "invalid").Detail, "there is no incident INC-404")
	require.Contains(t, merge("INC-21").problem(409, "refused").Detail, "INC-21 is closed")
	p := merge("INC-22").problem(409, "refused")
	require.Contains(t, p.Detail, "INC-22 is itself part of INC-1")
	merge("nonsense").problem(400, "invalid")
	require.Empty(t, w.commands.Sent())

	w.commands.Answer(incident.Outcome{}, incident.Errorf(incident.Gone, "gone"))
	p = w.do("alice", "POST", "/v1/incidents/INC-22/acknowledge", "").problem(409, "refused")
	require.Contains(t, p.Detail, "INC-22 is part of INC-1: go on there")
}

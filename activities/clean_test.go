package activities_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

const leaked = "hunter2"

// talkative are systems that put secrets into all they say.
type (
	talkativeWeb  struct{ website }
	talkativeBase struct{ activities.SQLSystem }
	talkativeHost struct {
		activities.SSHSystem
		out systems.SSHOutput
	}
)

func refusal() error {
	return incident.Errorf(incident.Conflict, "it answered 409: password=%s is wrong", leaked)
}

func (talkativeWeb) Send(context.Context, systems.HTTPRequest, string, string) (systems.HTTPAnswer, error) {
	body := fmt.Sprintf(`{"a":1,"api_key":%q}`, leaked)
	return systems.HTTPAnswer{Status: 200, Body: body, Bytes: len(body)}, refusal()
}

func (talkativeBase) Query(context.Context, systems.SQLRequest) (systems.SQLRows, error) {
	return systems.SQLRows{
		Columns: []string{"id", "Password", "note"},
		Rows:    [][]string{{"1", leaked, "token: " + leaked}, {"2", "NULL", "late"}, {"3", "", "x"}},
	}, refusal()
}

func (talkativeBase) Change(context.Context, systems.SQLRequest, string, string) (systems.SQLChange, error) {
	return systems.SQLChange{}, refusal()
}

func (h talkativeHost) Read(context.Context, systems.SSHRequest) (systems.SSHOutput, error) {
	return h.out, refusal()
}

func (h talkativeHost) Change(context.Context, systems.SSHRequest, string) (systems.SSHOutput, error) {
	return h.out, refusal()
}

func TestSecretsDoNotEnterHistories(t *testing.T) {
	t.Parallel()
	web := &activities.HTTP{Systems: map[string]activities.HTTPSystem{"a": talkativeWeb{}}}
	base := &activities.SQL{Systems: map[string]activities.SQLSystem{"a": talkativeBase{}}}
	host := &activities.SSH{Systems: map[string]activities.SSHSystem{"a": talkativeHost{out: systems.SSHOutput{
		Out: "user=bob\npassword=" + leaked, Err: "redis://:" + leaked + "@cache",
	}}}}
	ctx := t.Context()
	for name, call := range map[string]func() (any, error){
		"http read": func() (any, error) {
			return web.ReadHTTP(ctx, activities.HTTPOrder{System: "a", Request: systems.HTTPRequest{Method: "GET"}})
		},
		"http send": func() (any, error) {
			return web.SendHTTP(ctx, activities.HTTPOrder{System: "a", Covers: "c", Key: "k"})
		},
		"sql query": func() (any, error) { return base.QuerySQL(ctx, activities.SQLOrder{System: "a"}) },
		"sql change": func() (any, error) {
			return base.ChangeSQL(ctx, activities.SQLOrder{System: "a", Covers: "c", Key: "k"})
		},
		"ssh read": func() (any, error) { return host.ReadCommand(ctx, activities.SSHOrder{System: "a"}) },
		"ssh run":  func() (any, error) { return host.RunCommand(ctx, activities.SSHOrder{System: "a", Covers: "c"}) },
	} {
		result, err := call()
		require.Equal(t, incident.Conflict, kindOf(t, err), name)
		require.ErrorContains(t, err, "it answered 409: password=[redacted] is wrong", name)
		data, jsonErr := json.Marshal(result)
		require.NoError(t, jsonErr)
		require.NotContains(t, string(data)+err.Error(), leaked, name)
	}
	rows, _ := base.QuerySQL(ctx, activities.SQLOrder{System: "a"})
	require.Equal(t, [][]string{{"1", "[redacted]", "token: [redacted]"}, {"2", "NULL", "late"}, {"3", "", "x"}}, rows.Rows)
	require.Equal(t, 2, rows.Removed)
}

func TestLongOutputsKeepTheirBeginning(t *testing.T) {
	t.Parallel()
	key := "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat(leaked+"\n", 3000) + "-----END PRIVATE KEY-----\n"
	host := &activities.SSH{Systems: map[string]activities.SSHSystem{"a": talkativeHost{out: systems.SSHOutput{
		Out: "\x1b[31m" + strings.Repeat("ü", 8000) + key + strings.Repeat("x", 20000), OutLeft: 5_000_000, Err: strings.Repeat("y", 10_000),
	}}}}
	out, _ := host.ReadCommand(t.Context(), activities.SSHOrder{System: "a"})
	require.LessOrEqual(t, len(out.Out)+len(out.Err), activities.MaxOutput)
	require.True(t, out.Cut)
	require.Equal(t, 1, out.Removed)
	require.True(t, strings.HasPrefix(out.Out, "[31mü"), "no terminal is told anything")
	require.True(t, strings.HasSuffix(out.Out, "x\n[5 MB left out]"), out.Out[len(out.Out)-50:])
	require.True(t, strings.HasSuffix(out.Err, "y\n[5.9 KB left out]"), out.Err[len(out.Err)-50:])
	require.NotContains(t, out.Out, leaked)
}

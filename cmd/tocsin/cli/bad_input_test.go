package cli_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
)

// What makes no sense is refused before anything is sent.
func TestUsage(t *testing.T) {
	w := newWorld(t)
	for args, line := range map[string]string{
		"frobnicate":                                         `tocsin has no command "frobnicate"; see tocsin --help`,
		"incident frob":                                      `tocsin incident has no command "frob"; see tocsin incident --help`,
		"incident lisst":                                     `tocsin incident has no command "lisst"; did you mean list?`,
		"incident ack":                                       "usage: tocsin incident ack INCIDENT [flags]",
		"incident ack 1 2":                                   "usage: tocsin incident ack INCIDENT [flags]",
		"incident run 1":                                     "usage: tocsin incident run INCIDENT RUNBOOK [flags]",
		"catalog validate":                                   "usage: tocsin catalog validate PATH... [flags]",
		"incident list --bogus":                              "unknown flag: --bogus",
		"incident decline 1":                                 `required flag(s) "reason" not set`,
		"incident list --since x":                            `invalid argument "x" for "--since" flag: write a time such as 2026-03-01T02:00:00Z, or a distance such as 30m, 2h or 7d`,
		"incident list --since -1d":                          `invalid argument "-1d" for "--since" flag: write a time such as 2026-03-01T02:00:00Z, or a distance such as 30m, 2h or 7d`,
		"incident list --limit x":                            `invalid argument "x" for "--limit" flag: strconv.ParseInt: parsing "x": invalid syntax`,
		"incident list --url x":                              `--url: "x" is not an address such as http://127.0.0.1:8080`,
		"incident list --zone Mars":                          `--zone: there is no zone "Mars"; give one such as Europe/Berlin`,
		"incident list --token a --as b":                     "give one of --token, --token-file and --as",
		"incident run 1 rollback --param x":                  `--param: "x" is not NAME=VALUE`,
		"runbook run rollback":                               `required flag(s) "incident" not set`,
		"runbook run rollback --incident 1 --param =y":       `--param: "=y" is not NAME=VALUE`,
		"incident classify 1 --what w":                       "give --scope, --severity, --who-fixes; each may be unknown",
		"incident reassign 1 --reason r":                     "at least one of the flags in the group [person team schedule] is required",
		"incident reassign 1 --reason r --team a --person b": "if any flags in the group [person team schedule] are set none of the others can be; [person team] were all set",
		"token create --scope read":                          "at least one of the flags in the group [person machine] is required",
		"token bootstrap --person x":                         "set TOCSIN_DATABASE to the database of the server",
		"incident show checkout":                             `"checkout" is not the number of an incident, such as INC-1042`,
		"incident ack INC-../x":                              `"INC-../x" is not the number of an incident, such as INC-1042`,
		"incident watch x":                                   `"x" is not the number of an incident, such as INC-1042`,
		"follow-ups --incident x":                            `invalid argument "x" for "--incident" flag: "x" is not the number of an incident, such as INC-1042`,
	} {
		t.Run(args, func(t *testing.T) { tocsin(t, strings.Fields(args)...).fails(2, line) })
	}
	require.Empty(t, w.commands.Sent())
}

// What the server refuses is one line that says what to do.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	for args, line := range map[string]string{
		"incident show INC-99":                             "there is no incident INC-99",
		"incident list --phase done":                       "phase",
		"incident list --limit 201":                        "limit",
		"incident list --severity SEV9":                    "severity",
		"incident declare --title t --service x --scope q": "impact.scope",
		"incident link 1 --title t --to ftp://x":           "url",
		"oncall --schedule nope":                           "there is no such schedule in the catalog",
		"token list":                                       "the token needs the scope",
		"page test --person bob":                           `paging somebody else as a test takes the scope "admin"`,
		"catalog apply ../../../deployments/catalog":       "the token needs the scope",
	} {
		t.Run(args, func(t *testing.T) {
			got := tocsin(t, strings.Fields(args)...)
			require.Equal(t, 1, got.code, got.out)
			require.Equal(t, 1, strings.Count(got.err, "\n"), got.err)
			require.Contains(t, got.err, line)
		})
	}
	w.commands.Answer(incident.Outcome{}, incident.Refusal("INC-1 cannot close yet", "follow-up 1 (alice) PAY-7", "resolve it"))
	tocsin(t, "incident", "close", "1").fails(1, "INC-1 cannot close yet (missing: follow-up 1 (alice) PAY-7; resolve it)")
	t.Setenv("TOCSIN_TOKEN", w.grant("machine", "deployer", "respond"))
	got := tocsin(t, "incident", "ack", "1")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.err, "person")
}

func TestTokensFromEverywhere(t *testing.T) {
	w := newWorld(t)
	t.Chdir(t.TempDir())
	bob := w.grant("person", "bob", "read", "respond")
	by := func(args ...string) string {
		t.Helper()
		tocsin(t, append([]string{"incident", "ack", "1"}, args...)...).ok()
		sent := w.commands.Sent()
		return sent[len(sent)-1].Header.By.ID
	}
	require.Equal(t, "bob", by("--token", bob))
	require.NoError(t, os.WriteFile("mine", []byte(bob+"\n"), 0o600))
	require.Equal(t, "bob", by("--token-file", "mine"))
	require.Equal(t, "alice", by(), "the environment")
	t.Setenv("TOCSIN_TOKEN", "")
	t.Setenv("TOCSIN_TOKEN_FILE", "mine")
	require.Equal(t, "bob", by())
	require.NoError(t, os.Mkdir(".tocsin", 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(".tocsin", "tokens"), []byte("carol toc_x\nbob "+bob+"\n"), 0o600))
	t.Setenv("TOCSIN_TOKEN_FILE", "")
	require.Equal(t, "bob", by("--as", "bob"))

	tocsin(t, "oncall", "--as", "dave").fails(2, `--as: .tocsin/tokens has no token of "dave"; there is carol, bob`)
	tocsin(t, "oncall").fails(2, "there is no token: set TOCSIN_TOKEN or --token-file, or with `make run` say --as NAME")
	tocsin(t, "oncall", "--token-file", "gone").fails(2, "--token-file: open gone: no such file or directory")
	tocsin(t, "oncall", "--token-file", ".tocsin/tokens").fails(2, "--token-file: .tocsin/tokens does not hold a token and nothing else")
	tocsin(t, "oncall", "--token", "toc_stranger").fails(1, "the token is not known: ask for a new one; set TOCSIN_TOKEN or --token-file, or with `make run` say --as NAME")
	t.Chdir(t.TempDir())
	tocsin(t, "oncall", "--as", "bob").fails(2, "--as: open .tocsin/tokens: no such file or directory; it works where `make run` was started")
}

func TestStrangersAndSilence(t *testing.T) {
	newWorld(t)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<h1>Welcome</h1>"))
	}))
	t.Cleanup(page.Close)
	host := strings.TrimPrefix(page.URL, "http://")
	tocsin(t, "oncall", "--url", page.URL).fails(1, host+` answers 200 OK with "text/html": is this Tocsin?`)
	page.Close()
	tocsin(t, "oncall", "--url", page.URL).fails(1, "reach "+host+": dial tcp "+host+": connect: connection refused; is Tocsin running there? --url or TOCSIN_URL says where it is")
}

func TestAnswersThatSayNothing(t *testing.T) {
	fake(t, time.Now(), map[string]string{"/v1/runbooks": "", "/v1/oncall": "[1]"})
	tocsin(t, "runbook", "list").fails(1, "the answer cannot be understood: unexpected end of JSON input; is the server of the same release?")
	got := tocsin(t, "oncall")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.err, "is the server of the same release?")
}

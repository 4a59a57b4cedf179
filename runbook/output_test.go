package runbook_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/redact"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

type outputParams struct {
	Kind string `about:"what is brought to light"`
}

func bringToLight(ctx workflow.Context, p outputParams) error {
	text := map[string]string{
		"secret": "user=bob password=hunter2\n", "much": strings.Repeat("x\n", 5<<20), "one": "only this",
	}[p.Kind]
	return runbook.Output(ctx, "The  state of\nthings", text)
}

func TestOutputsAreKeptWithoutSecretsAndNotWhole(t *testing.T) {
	b := runbook.New(bringToLight, runbook.Spec{Name: "bring-to-light", About: "Brings to light.", Fits: "Tests."})
	play := func(kind string, full bool) string {
		got := runbooktest.Play(t, b, runbooktest.Script{Params: map[string]string{"kind": kind}, Full: full})
		return strings.Join(got, "\n")
	}
	require.Equal(t, `00:00 started alice started bring-to-light with kind=secret
00:00 keeps The state of things:
00:00   user=bob password=[redacted]
00:00 output The state of things: 1 line, 26 bytes, 1 removed that looked like secrets (output bring-to-light-1-1)
00:00 ended done`, play("secret", false))

	much := play("much", false)
	require.Contains(t, much, "[10.5 MB left out]")
	require.Contains(t, much, "10.5 MB, of which 32.8 KB are kept (output bring-to-light-1-1)")
	require.Less(t, len(much), 500_000)

	require.Equal(t, `00:00 started alice started bring-to-light with kind=one
00:00 note The state of things could not be kept: the incident has too many outputs already
00:00 ended done`, play("one", true))
}

// The end of a private key looks like nothing in particular once its beginning
// is left out.
func TestASecretThatIsCutInTwoIsRemoved(t *testing.T) {
	key := "-----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat("MIIEowIBAAKCAQEAverysecretline\n", 400) + "-----END RSA PRIVATE KEY-----\n"
	text := strings.Repeat("a line of a log\n", 40_000/16) + key + "the end\n"
	got := runbooktest.Play(t, flips(func(ctx workflow.Context, _ none) error {
		return runbook.Output(ctx, "log", text)
	}), runbooktest.Script{})
	require.False(t, holds(got, "verysecretline"), "a part of the key is kept")
	whole, _ := redact.Text(text)
	require.NotContains(t, whole, "verysecretline")
}

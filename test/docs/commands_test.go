package docs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin/cli"
)

var (
	shell = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	word  = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)
	// aside is a comment, or where the output goes.
	aside = regexp.MustCompile(`\s+(#|>).*$`)
	// variable is filled in by the shell: with a number, mostly.
	variable = regexp.MustCompile(`\$[A-Z]+\b`)
)

// servers are the commands of the program that are no clients; package main
// keeps them.
var servers = []string{"api", "intake", "worker", "migrate", "watchdog"}

func TestEveryCommandShownIsOne(t *testing.T) {
	t.Parallel()
	shown := 0
	for _, name := range documents(t) {
		for _, block := range shell.FindAllStringSubmatch(read(t, name), -1) {
			for line := range strings.Lines(block[1]) {
				line = variable.ReplaceAllString(line, "1")
				words := word.FindAllString(strings.TrimPrefix(aside.ReplaceAllString(strings.TrimSpace(line), ""), "bin/"), -1)
				if len(words) < 2 || words[0] != "tocsin" || slices.Contains(servers, words[1]) {
					continue
				}
				understood(t, name, words[1:])
				shown++
			}
		}
	}
	require.NotZero(t, shown)
}

// understood fails unless the program has the command and all its flags.
func understood(t *testing.T, document string, words []string) {
	t.Helper()
	root := &cobra.Command{Use: "tocsin"}
	root.AddCommand(cli.Commands()...)
	command, rest, err := root.Find(words)
	require.NoError(t, err, "%s shows %q", document, words)
	require.True(t, command.Runnable(), "%s shows %q", document, words)
	require.NoError(t, command.ParseFlags(rest), "%s shows %q", document, words)
	require.NoError(t, command.ValidateArgs(command.Flags().Args()), "%s shows %q", document, words)
	require.NoError(t, command.ValidateRequiredFlags(), "%s shows %q", document, words)
}

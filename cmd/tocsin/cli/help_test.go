package cli_test

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// every visits all commands of the program but what cobra brings along.
func every(root *cobra.Command, visit func(*cobra.Command)) {
	visit(root)
	for _, cmd := range root.Commands() {
		if cmd.Name() != "help" && cmd.Name() != "completion" {
			every(cmd, visit)
		}
	}
}

func TestEveryCommandSaysHowItIsUsed(t *testing.T) {
	clearEnvironment(t)
	root := program(nil, nil, nil)
	every(root, func(cmd *cobra.Command) {
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			path := strings.Fields(cmd.CommandPath())[1:]
			help := tocsin(t, append(path, "--help")...).ok()
			require.Regexp(t, `Examples:\n  .*tocsin `, help)
			require.NotEmpty(t, cmd.Short)
			require.NotContains(t, cmd.Short, "\n")
			require.False(t, strings.HasSuffix(cmd.Short, "."), cmd.Short)
			for line := range strings.Lines(help) {
				require.NotContains(t, line, "\t")
				require.NotRegexp(t, `default \S*m0s|default (-1|\[\])`, line)
			}
		})
	})
}

// What an example shows can be typed: its command and its flags are known.
func TestExamplesAreUnderstood(t *testing.T) {
	every(program(nil, nil, nil), func(cmd *cobra.Command) {
		for line := range strings.Lines(cmd.Example) {
			_, line, _ = strings.Cut(line, "tocsin ")
			line, _, _ = strings.Cut(strings.TrimSpace(line), " > ")
			root := program(nil, nil, nil)
			found, rest, err := root.Find(split(line))
			require.NoError(t, err, line)
			require.True(t, found.HasParent(), line)
			require.NoError(t, found.ParseFlags(rest), line)
			require.NoError(t, found.ValidateRequiredFlags(), line)
			require.NoError(t, found.ValidateFlagGroups(), line)
			if found.Args != nil {
				require.NoError(t, found.ValidateArgs(found.Flags().Args()), line)
			}
		}
	})
}

// split cuts a line into words as a shell does, with single quotes.
func split(line string) []string {
	var out []string
	for n, part := range strings.Split(line, "'") {
		if n%2 == 1 {
			out = append(out, part)
			continue
		}
		out = append(out, strings.Fields(part)...)
	}
	return out
}

func TestGroupsShowTheirCommands(t *testing.T) {
	require.Contains(t, tocsin(t, "incident").ok(), "Acknowledge: take the incident as it is known now")
	require.Contains(t, tocsin(t).ok(), "Available Commands:")
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The codes that a program ends with.
const (
	exitFailed = 1
	exitUsage  = 2
)

// Commands returns the commands that speak to a server. They share what says
// which server, and as whom.
func Commands() []*cobra.Command {
	s := newSession()
	list := []*cobra.Command{
		incidentCommand(s), followUpsCommand(s), onCallCommand(s), overrideCommand(s), temporaryCommand(s),
		swapCommand(s), contactCommand(s), rulesCommand(s), calendarCommand(s), runbookCommand(s), catalogCommand(s),
		routeCommand(s), silenceCommand(s), heartbeatCommand(s), changeCommand(s), rollbackCommand(s),
		pageCommand(s), tokenCommand(s), whyCommand(s), doctorCommand(s), rehearseCommand(s), coverageCommand(s), reportCommand(s),
	}
	for _, cmd := range list {
		s.addFlags(cmd)
	}
	return list
}

// Execute runs the command that the arguments name and returns the code to
// end with: 0; 1 when it was refused or failed; 2 when it was not understood.
// An error is one line on the standard error stream.
func Execute(ctx context.Context, root *cobra.Command) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	began := false
	prepare(root, &began)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(root.ErrOrStderr(), "tocsin:", clean(strings.ReplaceAll(err.Error(), "\n", "; ")))
	if _, usage := errors.AsType[*usageError](err); usage || !began {
		return exitUsage
	}
	return exitFailed
}

// group makes a command that only holds others.
func group(use, short, example string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Example: example}
	cmd.AddCommand(commands...)
	return cmd
}

// usageError says that the arguments make no sense.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func misused(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// prepare makes groups refuse what they do not know, and notes when a command
// began: what fails before is a matter of its arguments.
func prepare(cmd *cobra.Command, began *bool) {
	for _, sub := range cmd.Commands() {
		prepare(sub, began)
	}
	cmd.LocalFlags().VisitAll(plainDefault)
	if cmd.HasSubCommands() && !cmd.Runnable() {
		cmd.Args = known
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		return
	}
	run := cmd.RunE
	if run == nil {
		return
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		*began = true
		return run(cmd, args)
	}
}

// plainDefault shows a default as a person writes it: 4h, not 4h0m0s.
func plainDefault(f *pflag.Flag) {
	switch f.Value.Type() {
	case "duration":
		for _, zero := range []string{"m0s", "h0m"} {
			if strings.HasSuffix(f.DefValue, zero) {
				f.DefValue = f.DefValue[:len(f.DefValue)-2]
			}
		}
	case "stringToString":
		f.DefValue = strings.Trim(f.DefValue, "[]")
	}
}

// known refuses an argument of a group, where a command is expected.
func known(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("%s has no command %q", cmd.CommandPath(), args[0])
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return misused("%s; did you mean %s?", text, strings.Join(near, " or "))
	}
	return misused("%s; see %s --help", text, cmd.CommandPath())
}

// between takes so many arguments, as the command's Use names them.
func between(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return misused("usage: %s", cmd.UseLine())
		}
		return nil
	}
}

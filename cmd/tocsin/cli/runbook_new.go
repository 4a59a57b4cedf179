package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/cmd/tocsin/draft"
	"github.com/tocsinhq/tocsin/runbooks"
)

func runbookNewCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "new NAME",
		Short: "Write the beginning of a runbook, which compiles, with its test, which passes",
		Long: `Write a runbook and its test, to be changed into the one that is wanted: typed
parameters, an approval, one step with the way back, and a check that it helped.

In a checkout of Tocsin it goes into runbooks/, and is added to the list there. In
another Go module it becomes a part of the package in the current folder, and says
how it is registered. It needs neither server nor token, and overwrites nothing.`,
		Example: "  tocsin runbook new drain-queue",
		Args:    between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var taken []string
			for _, b := range runbooks.All() {
				taken = append(taken, b.Name)
			}
			d, err := draft.Write(args[0], ".", taken)
			if errors.Is(err, draft.ErrName) {
				return misused("%v", err)
			}
			if err != nil {
				return err
			}
			return showDraft(cmd.OutOrStdout(), d, s.json)
		},
	}
}

// showDraft says what was written, and what is next.
func showDraft(w io.Writer, d draft.Draft, asJSON bool) error {
	if asJSON {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(d)
	}
	next := "added it to the list in " + d.List
	if d.List == "" {
		next = "to register it, add this line where your runbooks are listed:\n  " + d.Line
	}
	_, err := fmt.Fprintf(w, "wrote %s\n%s\ntry it:\n  %s\n", strings.Join(d.Files, "\nwrote "), next, d.Run)
	return err
}

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
)

func catalogValidateCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "validate PATH...",
		Short: "Say everything that is wrong with catalog files",
		Long: `Say everything that is wrong with catalog files, one line each: file, line, field
and what to do. A path is a file, or a folder whose *.yaml files are meant. It
needs no server.`,
		Example: "  tocsin catalog validate deployments/catalog",
		Args:    between(1, maxPaths),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := catalogFiles(args)
			if err != nil {
				return err
			}
			_, err = catalog.Parse(files...)
			problems, _ := errors.AsType[catalog.Problems](err)
			if err != nil && problems == nil {
				return err
			}
			return verdict(cmd, s.json, len(files), problems)
		},
	}
}

// maxPaths bounds the arguments of a command that takes paths.
const maxPaths = 200

// verdict shows what is wrong with files, and fails when anything is.
func verdict(cmd *cobra.Command, asJSON bool, files int, problems catalog.Problems) error {
	out := cmd.OutOrStdout()
	switch {
	case asJSON:
		if problems == nil {
			problems = catalog.Problems{}
		}
		if err := json.NewEncoder(out).Encode(map[string]catalog.Problems{"problems": problems}); err != nil {
			return fmt.Errorf("print the problems: %w", err)
		}
	case len(problems) == 0:
		_, _ = fmt.Fprintf(out, "the catalog is valid (%s)\n", counted(files, "file"))
	}
	if len(problems) == 0 {
		return nil
	}
	for _, p := range problems {
		if !asJSON {
			_, _ = fmt.Fprintln(out, clean(p.String()))
		}
	}
	return fmt.Errorf("the catalog is not valid: %s", counted(len(problems), "problem"))
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// catalogFiles reads files and the *.yaml files of folders.
func catalogFiles(paths []string) ([]catalog.File, error) {
	var files []catalog.File
	for _, path := range paths {
		names, err := yamlFiles(path)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			data, err := os.ReadFile(filepath.Clean(name))
			if err != nil {
				return nil, fmt.Errorf("read the catalog: %w", err)
			}
			files = append(files, catalog.File{Name: filepath.ToSlash(name), Data: data})
		}
	}
	return files, nil
}

func yamlFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && filepath.Ext(e.Name()) == ".yaml" {
			names = append(names, filepath.Join(path, e.Name()))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("read the catalog: there is no *.yaml file in %s", path)
	}
	slices.Sort(names)
	return names, nil
}

func catalogApplyCommand(s *session) *cobra.Command {
	var dryRun, force bool
	base := 0
	cmd := &cobra.Command{
		Use:   "apply PATH...",
		Short: "Put catalog files in force as a whole, and print what differs",
		Long: `Put catalog files in force as a whole, as a new version, and print what differs
(+ added, - removed, ~ changed). Removing what an open incident uses is refused
without --force. With --dry-run nothing changes, and the lines with ! say what
open incidents use.`,
		Example: "  tocsin catalog apply deployments/catalog --dry-run\n  tocsin catalog apply deployments/catalog",
		Args:    between(1, maxPaths),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			files, err := catalogFiles(args)
			if err != nil {
				return err
			}
			// The server answers alike; here every problem gets its own line.
			_, err = catalog.Parse(files...)
			if problems, ok := errors.AsType[catalog.Problems](err); ok {
				return verdict(c.cmd, s.json, len(files), problems)
			}
			body := client.CatalogFiles{Force: force}
			for _, f := range files {
				body.Files = append(body.Files, client.CatalogFile{Name: f.Name, Data: string(f.Data)})
			}
			if c.cmd.Flags().Changed("base") {
				body.Base = &base
			}
			return c.apply(ctx, body, dryRun)
		}),
	}
	f := cmd.Flags()
	f.BoolVar(&dryRun, "dry-run", false, "only print what would differ")
	f.BoolVar(&force, "force", false, "remove what an open incident uses all the same")
	f.IntVar(&base, "base", 0, "version that the files were made from: refuse when another is in force (any)")
	return cmd
}

// apply puts files in force, or says what that would do.
func (c *call) apply(ctx context.Context, body client.CatalogFiles, dryRun bool) error {
	if !dryRun {
		return show(c, func(answer client.CatalogChange) {
			c.difference(answer)
			if len(answer.Changes) > 0 {
				c.say("version %d is in force", answer.Version)
			}
		})(content(c.ApplyCatalog(ctx, body)))
	}
	answer, data, err := read[client.CatalogChange](content(c.ValidateCatalog(ctx, body)))
	if err != nil {
		return err
	}
	if c.session.json {
		c.raw(data)
	} else {
		for _, p := range answer.Problems {
			c.say("%s", p)
		}
		c.difference(answer)
	}
	if len(answer.Problems) > 0 {
		return fmt.Errorf("the catalog is not valid: %s", counted(len(answer.Problems), "problem"))
	}
	return nil
}

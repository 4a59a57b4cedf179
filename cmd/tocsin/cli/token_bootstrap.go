package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
	"github.com/tocsinhq/tocsin/store"
)

func tokenBootstrapCommand(s *session) *cobra.Command {
	var person string
	var again bool
	cmd := &cobra.Command{
		Use:   "bootstrap",
		Short: "Make the first administrator's token, straight in the database",
		Long: `Make the first administrator's token, straight in the database: run it where the
server's settings are (TOCSIN_DATABASE, or --config). With it you apply the first
catalog, in which the person should then appear. The token is printed on the
standard output, once.`,
		Example: "  TOCSIN_DATABASE=postgres://... tocsin token bootstrap --person alice > token\n  tocsin catalog apply deployments/catalog --token-file token",
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			made, err := bootstrap(cmd, person, again)
			if err != nil {
				return err
			}
			if s.json {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(made)
			}
			_, _ = fmt.Fprintln(cmd.OutOrStdout(), made.Token)
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "token %s of person %s; it is not shown again\n", made.Id, clean(person))
			return nil
		},
	}
	cmd.Flags().StringVar(&person, "person", "", "id of the administrator, as the catalog will name them")
	cmd.Flags().BoolVar(&again, "again", false, "make one though there is an administrator's token")
	return require(cmd, "person")
}

// bootstrap opens the database of the server's settings and adds the token.
func bootstrap(cmd *cobra.Command, person string, again bool) (client.NewToken, error) {
	ctx := cmd.Context()
	config, err := serverConfig(cmd)
	if err != nil {
		return client.NewToken{}, err
	}
	if config.Database == "" {
		return client.NewToken{}, misused("set TOCSIN_DATABASE to the database of the server")
	}
	db, err := store.Open(ctx, config.Database)
	if err != nil {
		return client.NewToken{}, fmt.Errorf("open the database (TOCSIN_DATABASE): %w", err)
	}
	made, err := firstToken(ctx, db, person, again)
	return made, errors.Join(err, db.Close())
}

// serverConfig reads the settings of a server, also from the file that the
// program's --config names.
func serverConfig(cmd *cobra.Command) (app.Config, error) {
	file := ""
	if f := cmd.Flag("config"); f != nil {
		file = f.Value.String()
	}
	return app.LoadConfig(file, os.Getenv)
}

// firstToken adds an administrator's token where there is none yet.
func firstToken(ctx context.Context, db *store.Store, person string, again bool) (client.NewToken, error) {
	valid, err := db.Tokens(ctx, store.TokenFilter{Kind: "person", Valid: true})
	if err != nil {
		return client.NewToken{}, fmt.Errorf("%w; has `tocsin migrate` been run?", err)
	}
	for _, t := range valid {
		if slices.Contains(t.Scopes, api.ScopeAdmin) && !again {
			return client.NewToken{}, fmt.Errorf("%s has an administrator's token (%s): use it, or say --again", t.Owner, t.ID)
		}
	}
	made := client.NewToken{Token: api.MintToken(), Id: uuid.NewString()}
	return made, db.CreateToken(ctx, store.Token{
		ID: made.Id, Hash: api.HashToken(made.Token), Kind: "person", Owner: person, Name: "bootstrap",
		Scopes: []string{api.ScopeAdmin}, Created: time.Now().UTC(),
	})
}

package cli

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
)

func heartbeatCommand(s *session) *cobra.Command {
	return group("heartbeat", "Send and list signs of life", "  tocsin heartbeat list\n  tocsin heartbeat send backup --token-file key",
		heartbeatListCommand(s), heartbeatSendCommand(s))
}

func heartbeatListCommand(s *session) *cobra.Command {
	var params client.ListHeartbeatsParams
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the heartbeats that are expected, and when they were last heard",
		Example: "  tocsin heartbeat list\n  tocsin heartbeat list --state missed",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, func(l client.HeartbeatList) {
				heartbeatColumns().show(ctx, c, l.Heartbeats...)
			})(content(c.ListHeartbeats(ctx, &params)))
		}),
	}
	cmd.Flags().StringVar(&params.Service, "service", "", "only of this service")
	cmd.Flags().StringVar((*string)(&params.State), "state", "", "only those that are alive, missed or waiting")
	return cmd
}

func heartbeatColumns() columns[client.Heartbeat] {
	return columns[client.Heartbeat]{
		header: []string{"ID", "SERVICE", "EVERY", "GRACE", "STATE", "LAST HEARD", "MISSED SINCE"},
		row: func(k clock, h client.Heartbeat) []string {
			return []string{h.Id, h.Service, spoken(h.Every), spoken(h.Grace), string(h.State), cmp.Or(k.at(h.SeenAt), "never"), k.at(h.MissedSince)}
		},
		none: "the catalog expects no heartbeat that fits",
	}
}

// spoken says a duration of the API as people do.
func spoken(duration string) string {
	d, err := time.ParseDuration(duration)
	if err != nil {
		return duration
	}
	return catalog.FormatDuration(d)
}

func heartbeatSendCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "send HEARTBEAT-ID",
		Short:   "Send a heartbeat",
		Example: "  tocsin heartbeat send backup --token-file key",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			_, err := content(c.Beat(ctx, args[0]))
			return err
		}),
	}
}

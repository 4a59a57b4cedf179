package cli

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func heartbeatCommand(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "heartbeat",
		Short:   "Send and list signs of life",
		Example: "  tocsin heartbeat list\n  tocsin heartbeat send backup --token-file key",
	}
	cmd.AddCommand(heartbeatListCommand(s), heartbeatSendCommand(s))
	return cmd
}

func heartbeatListCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the heartbeats that are expected, and when they were last heard",
		Example: "  tocsin heartbeat list",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, c.heartbeats)(content(c.ListHeartbeats(ctx)))
		}),
	}
}

func (c *call) heartbeats(answer client.HeartbeatList) {
	if len(answer.Heartbeats) == 0 {
		c.tell("the catalog expects no heartbeat")
		return
	}
	k := c.clock(c.cmd.Context())
	t := c.table("ID", "SERVICE", "EVERY", "GRACE", "STATE", "LAST HEARD", "MISSED SINCE")
	for _, h := range answer.Heartbeats {
		t.row(h.Id, h.Service, h.Every, h.Grace, string(h.State), cmp.Or(k.at(h.SeenAt), "never"), k.at(h.MissedSince))
	}
	t.flush()
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

package scene

import (
	"context"

	"github.com/tocsinhq/tocsin/api/client"
)

// Pages returns the whole record of an incident's pages.
func (w *World) Pages(ctx context.Context, number string) ([]client.Page, error) {
	c, err := w.As(Primary)
	if err != nil {
		return nil, err
	}
	var out []client.Page
	params := client.ListPagesParams{Limit: 200}
	for {
		answer, err := c.ListPagesWithResponse(ctx, number, &params)
		if err != nil {
			return nil, err
		}
		out = append(out, answer.JSON200.Pages...)
		if params.Cursor = answer.JSON200.Next; params.Cursor == "" {
			return out, nil
		}
	}
}

// Timeline returns the whole timeline of an incident, in order.
func (w *World) Timeline(ctx context.Context, number string) ([]client.Entry, error) {
	c, err := w.As(Primary)
	if err != nil {
		return nil, err
	}
	var out []client.Entry
	params := client.ListTimelineParams{Limit: 200}
	for {
		answer, err := c.ListTimelineWithResponse(ctx, number, &params)
		if err != nil {
			return nil, err
		}
		out = append(out, answer.JSON200.Entries...)
		if params.Cursor = answer.JSON200.Next; params.Cursor == "" {
			return out, nil
		}
	}
}

// Open lists the numbers of a service's incidents that are not over.
func (w *World) Open(ctx context.Context, service string) ([]string, error) {
	c, err := w.As(Primary)
	if err != nil {
		return nil, err
	}
	answer, err := c.ListIncidentsWithResponse(ctx, &client.ListIncidentsParams{Service: service, Open: true, Limit: 200})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, i := range answer.JSON200.Incidents {
		out = append(out, i.Number)
	}
	return out, nil
}

package api

import (
	"context"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/incident"
)

// PostAlertmanager takes a delivery of Alertmanager.
func (s *server) PostAlertmanager(ctx context.Context, r gen.PostAlertmanagerRequestObject) (gen.PostAlertmanagerResponseObject, error) {
	receipt, err := s.take(ctx, *r.Body, alerts.SourceAlertmanager, alerts.ParseAlertmanager)
	if err != nil {
		return nil, err
	}
	return gen.PostAlertmanager202JSONResponse{AcceptedJSONResponse: gen.AcceptedJSONResponse(receipt)}, nil
}

// PostGeneric takes alerts in Tocsin's own format.
func (s *server) PostGeneric(ctx context.Context, r gen.PostGenericRequestObject) (gen.PostGenericResponseObject, error) {
	receipt, err := s.take(ctx, *r.Body, alerts.SourceGeneric, alerts.ParseGeneric)
	if err != nil {
		return nil, err
	}
	return gen.PostGeneric202JSONResponse{AcceptedJSONResponse: gen.AcceptedJSONResponse(receipt)}, nil
}

// take parses a delivery and hands it to the intake, which answers only after
// the incidents took it.
func (s *server) take(ctx context.Context, body []byte, source string, parse func([]byte) (alerts.Delivery, error)) (gen.Receipt, error) {
	if s.Intake == nil {
		return gen.Receipt{}, incident.Errorf(incident.NotFound, "this process takes no alerts: send them to the one that does")
	}
	who := callerOf(ctx).identity
	if err := who.mayFeed(source); err != nil {
		return gen.Receipt{}, err
	}
	delivery, err := parse(body)
	if err != nil {
		return gen.Receipt{}, err
	}
	for n := range delivery.Alerts {
		delivery.Alerts[n].Service = who.token.Service
	}
	if _, err := s.catalog(ctx); err != nil {
		return gen.Receipt{}, err
	}
	receipt, err := s.Intake.Take(ctx, delivery)
	if err != nil {
		return gen.Receipt{}, err
	}
	return gen.Receipt{
		Alerts: receipt.Alerts, NotPaged: receipt.NotPaged,
		Incidents: each(receipt.Incidents, func(p intake.Placed) gen.Placed {
			return gen.Placed{Number: p.Number, Service: p.Service, Key: p.Key, New: p.New}
		}),
	}, nil
}

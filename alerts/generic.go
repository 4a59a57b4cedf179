package alerts

import (
	"encoding/json"
	"fmt"
)

// SourceGeneric is the Source of alerts read by ParseGeneric.
const SourceGeneric = "generic"

type genericBody struct {
	Alerts []json.RawMessage `json:"alerts"`
}

type genericAlert struct {
	Status      Status            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    string            `json:"starts_at"`
	EndsAt      string            `json:"ends_at"`
	Fingerprint string            `json:"fingerprint"`
	URL         string            `json:"url"`
}

// ParseGeneric reads Tocsin's own format, for monitoring that has no parser
// of its own: one alert, or an object with a list of them.
//
//	{"alerts": [{
//	  "status": "firing",                         required: firing or resolved
//	  "labels": {"alertname": "DiskFull",         required: at least one; they route
//	             "service": "search",             the alert and tell it from others
//	             "severity": "critical"},
//	  "annotations": {"summary": "Disk is full"}, for people
//	  "starts_at": "2026-01-31T09:00:00Z",        RFC 3339; without it the
//	  "ends_at": "2026-01-31T09:20:00Z",          receiver's clock counts
//	  "fingerprint": "disk-7",                    without it, made of the labels
//	  "url": "https://grafana.example.org/d/7"    a page about the alert
//	}]}
//
// It is strict: a field that is not named above, a wrong type, or anything
// beyond the package's bounds refuses the whole request. Errors are of type
// *InputError.
func ParseGeneric(body []byte) (Delivery, error) {
	var probe map[string]json.RawMessage
	if err := decode(body, "", false, &probe); err != nil {
		return Delivery{}, err
	}
	if len(probe) == 0 {
		return Delivery{}, inputErrorf("", "is empty: send one alert, or an object with a list of alerts")
	}
	if _, many := probe["alerts"]; !many {
		alert, err := genericOne(body, "")
		if err != nil {
			return Delivery{}, err
		}
		return Delivery{Alerts: []Alert{alert}}, nil
	}
	var in genericBody
	if err := decode(body, "", true, &in); err != nil {
		return Delivery{}, err
	}
	return genericAll(in.Alerts)
}

func genericAll(list []json.RawMessage) (Delivery, error) {
	if len(list) == 0 {
		return Delivery{}, inputErrorf("alerts", "is empty: send at least one alert")
	}
	if len(list) > MaxAlerts {
		return Delivery{}, inputErrorf("alerts", "has %d alerts: send at most %d in one request", len(list), MaxAlerts)
	}
	out := Delivery{Alerts: make([]Alert, 0, len(list))}
	for i, raw := range list {
		alert, err := genericOne(raw, fmt.Sprintf("alerts[%d]", i))
		if err != nil {
			return Delivery{}, err
		}
		out.Alerts = append(out.Alerts, alert)
	}
	return out, nil
}

func genericOne(raw []byte, field string) (Alert, error) {
	var in genericAlert
	if err := decode(raw, field, true, &in); err != nil {
		return Alert{}, err
	}
	if err := in.check(field); err != nil {
		return Alert{}, err
	}
	out := Alert{
		Source:       SourceGeneric,
		Status:       in.Status,
		Labels:       cleanAll(in.Labels),
		Annotations:  cleanAll(in.Annotations),
		Fingerprint:  clean(in.Fingerprint),
		GeneratorURL: in.URL,
	}
	if len(out.Labels) == 0 {
		return Alert{}, inputErrorf(join(field, "labels"), `must hold at least one label, such as {"alertname": "DiskFull"}`)
	}
	if out.Fingerprint == "" {
		out.Fingerprint = Fingerprint(out.Labels)
	}
	return out, out.span(field, [2]string{"starts_at", "ends_at"}, in.StartsAt, in.EndsAt)
}

// check holds an alert against the bounds.
func (a genericAlert) check(field string) error {
	if err := checkLabels(join(field, "labels"), a.Labels, MaxLabelValue); err != nil {
		return err
	}
	if err := checkLabels(join(field, "annotations"), a.Annotations, MaxAnnotationValue); err != nil {
		return err
	}
	if len(a.Fingerprint) > MaxFingerprint {
		return inputErrorf(join(field, "fingerprint"), "is longer than %d bytes", MaxFingerprint)
	}
	if a.URL != "" && !webAddress(a.URL) {
		return inputErrorf(join(field, "url"), "must be an http or https address of at most %d bytes", MaxURL)
	}
	return nil
}

func checkLabels(field string, labels map[string]string, maxValue int) error {
	if len(labels) > MaxLabels {
		return inputErrorf(field, "has %d entries: send at most %d", len(labels), MaxLabels)
	}
	for name, value := range labels {
		if name == "" || len(name) > MaxLabelName {
			return inputErrorf(field, "has a name of %d bytes: use 1 to %d", len(name), MaxLabelName)
		}
		if len(value) > maxValue {
			return inputErrorf(join(field, name), "is %d bytes long: send at most %d", len(value), maxValue)
		}
	}
	return nil
}

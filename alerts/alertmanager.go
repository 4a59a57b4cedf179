package alerts

import (
	"encoding/json"
	"fmt"
	"time"
)

// SourceAlertmanager is the Source of alerts read by ParseAlertmanager.
const SourceAlertmanager = "alertmanager"

// alertmanagerBody is what of Alertmanager's webhook (version "4") is read.
// The status of the group and groupKey's routing path decide nothing.
type alertmanagerBody struct {
	Alerts          *[]json.RawMessage `json:"alerts"`
	GroupLabels     map[string]string  `json:"groupLabels"`
	GroupKey        string             `json:"groupKey"`
	TruncatedAlerts int                `json:"truncatedAlerts"`
}

type alertmanagerAlert struct {
	Status       Status            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     string            `json:"startsAt"`
	EndsAt       string            `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// ParseAlertmanager reads the body of an Alertmanager webhook, version "4".
// It is lenient where that cannot change the meaning: unknown fields are
// ignored, a missing fingerprint is computed as Alertmanager would, labels and
// annotations are cut to the package's bounds, and alerts beyond MaxAlerts
// count as truncated. Errors are of type *InputError.
func ParseAlertmanager(body []byte) (Delivery, error) {
	var in alertmanagerBody
	if err := decode(body, "", false, &in); err != nil {
		return Delivery{}, err
	}
	if in.Alerts == nil {
		return Delivery{}, inputErrorf("alerts", `is missing: send the body of an Alertmanager webhook, version "4"`)
	}
	list := (*in.Alerts)[:min(len(*in.Alerts), MaxAlerts)]
	out := Delivery{
		Alerts:    make([]Alert, 0, len(list)),
		Truncated: max(in.TruncatedAlerts, 0) + len(*in.Alerts) - len(list),
		GroupKey:  shorten(clean(in.GroupKey), MaxLabelValue),
	}
	group := bound(cleanAll(in.GroupLabels), MaxLabelValue)
	for i, raw := range list {
		alert, err := alertmanagerOne(raw, fmt.Sprintf("alerts[%d]", i))
		if err != nil {
			return Delivery{}, err
		}
		alert.Group = group
		out.Alerts = append(out.Alerts, alert)
	}
	return out, nil
}

func alertmanagerOne(raw []byte, field string) (Alert, error) {
	var in alertmanagerAlert
	if err := decode(raw, field, false, &in); err != nil {
		return Alert{}, err
	}
	out := Alert{Source: SourceAlertmanager, Status: in.Status}
	if err := out.span(field, [2]string{"startsAt", "endsAt"}, in.StartsAt, in.EndsAt); err != nil {
		return Alert{}, err
	}
	labels := cleanAll(in.Labels)
	out.Fingerprint = shorten(clean(in.Fingerprint), MaxFingerprint)
	if out.Fingerprint == "" {
		out.Fingerprint = Fingerprint(labels)
	}
	out.Labels = bound(labels, MaxLabelValue)
	out.Annotations = bound(cleanAll(in.Annotations), MaxAnnotationValue)
	if webAddress(in.GeneratorURL) {
		out.GeneratorURL = in.GeneratorURL
	}
	return out, nil
}

// span checks the status and fills the times. names are the source's names of
// the two fields.
func (a *Alert) span(field string, names [2]string, starts, ends string) error {
	if a.Status != Firing && a.Status != Resolved {
		return inputErrorf(join(field, "status"), `must be "firing" or "resolved", got %s`, quote(string(a.Status)))
	}
	var err error
	if a.StartsAt, err = parseTime(join(field, names[0]), starts); err != nil {
		return err
	}
	if a.EndsAt, err = parseTime(join(field, names[1]), ends); err != nil {
		return err
	}
	if a.Status == Firing {
		// Some senders put here when the alert will expire unless repeated.
		a.EndsAt = time.Time{}
	}
	return nil
}

package alerts_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
)

// observed is what Alertmanager 0.25 sends for a group of which one alert has
// cleared, with the fields that later releases add.
const observed = `{
  "receiver": "tocsin", "status": "firing",
  "alerts": [
    {"status": "firing",
     "labels": {"alertname": "ErrorRatioHigh", "service": "payments", "severity": "critical", "instance": "a"},
     "annotations": {"summary": "Payments fail"},
     "startsAt": "2026-03-29T01:30:00.123456789+01:00", "endsAt": "0001-01-01T00:00:00Z",
     "generatorURL": "http://prometheus.example.org/graph?g0.expr=up", "fingerprint": "c0ffee0123456789"},
    {"status": "resolved",
     "labels": {"alertname": "ErrorRatioHigh", "service": "payments", "severity": "critical", "instance": "b"},
     "annotations": {},
     "startsAt": "2026-03-29T00:10:00Z", "endsAt": "2026-03-29T00:25:00Z",
     "generatorURL": "javascript:alert(1)"}
  ],
  "groupLabels": {"alertname": "ErrorRatioHigh"}, "commonLabels": {"service": "payments"},
  "commonAnnotations": {}, "externalURL": "http://alertmanager.example.org", "version": "4",
  "groupKey": "{}/{service=\"payments\"}:{alertname=\"ErrorRatioHigh\"}", "truncatedAlerts": 3,
  "notification_reason": "first", "routeLabels": {"team": "payments"}
}`

func TestParseAlertmanagerReadsEachAlertByItself(t *testing.T) {
	got, err := alerts.ParseAlertmanager([]byte(observed))
	require.NoError(t, err)
	require.Equal(t, 3, got.Truncated)
	require.Equal(t, `{}/{service="payments"}:{alertname="ErrorRatioHigh"}`, got.GroupKey)
	require.Len(t, got.Alerts, 2)

	firing, resolved := got.Alerts[0], got.Alerts[1]
	require.Equal(t, alerts.Alert{
		Source: "alertmanager", Status: alerts.Firing,
		Labels: map[string]string{
			"alertname": "ErrorRatioHigh", "service": "payments", "severity": "critical", "instance": "a",
		},
		Annotations:  map[string]string{"summary": "Payments fail"},
		Group:        map[string]string{"alertname": "ErrorRatioHigh"},
		StartsAt:     time.Date(2026, 3, 29, 0, 30, 0, 123456000, time.UTC),
		Fingerprint:  "c0ffee0123456789",
		GeneratorURL: "http://prometheus.example.org/graph?g0.expr=up",
	}, firing)
	require.Equal(t, "Payments fail", firing.Summary())
	require.Equal(t, alerts.Fact{
		Fingerprint: "c0ffee0123456789", Status: alerts.Firing, StartsAt: firing.StartsAt,
	}, firing.Fact())

	require.Equal(t, alerts.Resolved, resolved.Status)
	require.Equal(t, time.Date(2026, 3, 29, 0, 25, 0, 0, time.UTC), resolved.EndsAt)
	require.Equal(t, "ErrorRatioHigh", resolved.Summary())
	require.Equal(t, alerts.Fingerprint(resolved.Labels), resolved.Fingerprint)
	require.Empty(t, resolved.GeneratorURL, "what is no web address is not shown as a link")
}

func TestParseAlertmanagerKeepsAFactOverTheStore(t *testing.T) {
	got, err := alerts.ParseAlertmanager([]byte(observed))
	require.NoError(t, err)
	data, err := json.Marshal(got.Alerts[0])
	require.NoError(t, err)
	var back alerts.Alert
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, got.Alerts[0], back)
}

func TestParseAlertmanagerIsLenient(t *testing.T) {
	tests := map[string]struct {
		body string
		want alerts.Alert
	}{
		"a firing alert that would expire": {
			`{"alerts":[{"status":"firing","labels":{"a":"b"},"endsAt":"2030-01-01T00:00:00Z","fingerprint":"f"}]}`,
			alerts.Alert{Status: alerts.Firing, Labels: map[string]string{"a": "b"}, Fingerprint: "f"},
		},
		"no labels": {
			`{"alerts":[{"status":"resolved","fingerprint":"f"}]}`,
			alerts.Alert{Status: alerts.Resolved, Fingerprint: "f"},
		},
		"null for whatever is missing": {
			`{"alerts":[{"status":"firing","labels":null,"annotations":null,"startsAt":null,"fingerprint":"f"}],"groupLabels":null}`,
			alerts.Alert{Status: alerts.Firing, Fingerprint: "f"},
		},
		"empty labels and what no database keeps": {
			`{"alerts":[{"status":"firing","labels":{"a":"","":"b","c":"x\u0000y"},"fingerprint":"f"}]}`,
			alerts.Alert{Status: alerts.Firing, Labels: map[string]string{"c": "x\uFFFDy"}, Fingerprint: "f"},
		},
		"broken characters": {
			"{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"a\":\"\xff\"},\"fingerprint\":\"f\"}]}",
			alerts.Alert{Status: alerts.Firing, Labels: map[string]string{"a": "\uFFFD"}, Fingerprint: "f"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := alerts.ParseAlertmanager([]byte(test.body))
			require.NoError(t, err)
			test.want.Source = alerts.SourceAlertmanager
			require.Equal(t, []alerts.Alert{test.want}, got.Alerts)
		})
	}
}

func TestParseAlertmanagerCutsToItsBounds(t *testing.T) {
	labels := map[string]string{"service": "payments", "severity": "critical"}
	for i := range 100 {
		labels[fmt.Sprintf("label_%03d", i)] = strings.Repeat("ü", 2000)
	}
	other := maps.Clone(labels)
	other["label_000"] += "!"
	body := map[string]any{"alerts": []any{
		map[string]any{"status": "firing", "labels": labels},
		map[string]any{"status": "firing", "labels": other, "annotations": map[string]string{"a": strings.Repeat("x", 9000)}},
	}}
	data, err := json.Marshal(body)
	require.NoError(t, err)
	got, err := alerts.ParseAlertmanager(data)
	require.NoError(t, err)

	one, two := got.Alerts[0], got.Alerts[1]
	require.Len(t, one.Labels, alerts.MaxLabels)
	require.Equal(t, "payments", one.Labels["service"], "what routes is kept")
	require.Contains(t, one.Labels, "label_000")
	require.NotContains(t, one.Labels, "label_099")
	require.LessOrEqual(t, len(one.Labels["label_000"]), alerts.MaxLabelValue)
	require.NotEqual(t, one.Labels["label_000"], two.Labels["label_000"], "different values stay different")
	require.NotEqual(t, one.Fingerprint, two.Fingerprint)
	require.Len(t, two.Annotations["a"], alerts.MaxAnnotationValue)
}

func TestParseAlertmanagerCountsWhatIsTooMuchAsTruncated(t *testing.T) {
	list := strings.Repeat(`{"status":"firing","labels":{"a":"b"}},`, alerts.MaxAlerts+7)
	got, err := alerts.ParseAlertmanager([]byte(`{"truncatedAlerts":2,"alerts":[` + strings.TrimSuffix(list, ",") + `]}`))
	require.NoError(t, err)
	require.Len(t, got.Alerts, alerts.MaxAlerts)
	require.Equal(t, 9, got.Truncated)
}

func TestParseAlertmanagerRefuses(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"nothing":   {``, `is not complete JSON: send one JSON object`},
		"half":      {`{"alerts":[`, `is not complete JSON: send one JSON object`},
		"HTML":      {`<html>`, `is not JSON (at byte 1: invalid character '<' looking for beginning of value): send one JSON object`},
		"a list":    {`[]`, `must be an object, got a list`},
		"null":      {`null`, `alerts: is missing: send the body of an Alertmanager webhook, version "4"`},
		"no alerts": {`{"status":"firing"}`, `alerts: is missing: send the body of an Alertmanager webhook, version "4"`},
		"more after": {
			`{"alerts":[]} {}`, `has something after the end of the JSON: send one JSON object`,
		},
		"alerts no list": {`{"alerts":{}}`, `alerts: must be a list, got an object`},
		"alert a number": {`{"alerts":[7]}`, `alerts[0]: must be an object, got a number`},
		"label a number": {
			`{"alerts":[{"status":"firing","labels":{"code":500}}]}`, `alerts[0].labels: must be a string, got a number`,
		},
		"truncated text":  {`{"alerts":[],"truncatedAlerts":"1"}`, `truncatedAlerts: must be a whole number, got a string`},
		"status unknown":  {`{"alerts":[{"status":"pending"}]}`, `alerts[0].status: must be "firing" or "resolved", got "pending"`},
		"status missing":  {`{"status":"firing","alerts":[{}]}`, `alerts[0].status: must be "firing" or "resolved", got ""`},
		"time in words":   {`{"alerts":[{"status":"firing","startsAt":"now"}]}`, `alerts[0].startsAt: must be an RFC 3339 time such as "2026-01-31T09:00:00Z", got "now"`},
		"time far away":   {`{"alerts":[{"status":"firing","endsAt":"9999-12-31T23:59:59-23:00"}]}`, `alerts[0].endsAt: must be an RFC 3339 time such as "2026-01-31T09:00:00Z", got "9999-12-31T23:59:59-23:00"`},
		"long nonsense":   {`{"alerts":[{"status":"` + strings.Repeat("é", 99) + `"}]}`, `alerts[0].status: must be "firing" or "resolved", got "` + strings.Repeat("é", 30) + `…"`},
		"second of three": {`{"alerts":[{"status":"firing"},{"status":1},{"status":2}]}`, `alerts[1].status: must be a string, got a number`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := alerts.ParseAlertmanager([]byte(test.body))
			requireInputError(t, err, test.want)
		})
	}
}

func requireInputError(t *testing.T, err error, want string) {
	t.Helper()
	var input *alerts.InputError
	require.ErrorAs(t, err, &input)
	require.Equal(t, want, input.Error())
}

func TestFingerprintIsThatOfPrometheus(t *testing.T) {
	for _, labels := range []map[string]string{
		{}, {"alertname": "A"}, {"alertname": "A", "instance": "db:9100"}, {"ü": "ö", "a": ""},
	} {
		set := model.LabelSet{}
		for name, value := range labels {
			set[model.LabelName(name)] = model.LabelValue(value)
		}
		require.Equal(t, set.Fingerprint().String(), alerts.Fingerprint(labels))
	}
}

func FuzzParseAlertmanager(f *testing.F) {
	f.Add([]byte(observed))
	f.Add([]byte(`{"alerts":[{"status":"firing","labels":{"":"","a":"\u0000"},"startsAt":"0000-01-01T00:00:00+23:59"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		requireSound(t, body, alerts.ParseAlertmanager)
	})
}

// requireSound holds a parser's answer to what every room builds on.
func requireSound(t *testing.T, body []byte, parse func([]byte) (alerts.Delivery, error)) {
	t.Helper()
	got, err := parse(body)
	if err != nil {
		var input *alerts.InputError
		require.ErrorAs(t, err, &input)
		require.NotContains(t, err.Error(), "\x00")
		return
	}
	for _, a := range got.Alerts {
		require.NotEmpty(t, a.Fingerprint)
		require.Contains(t, []alerts.Status{alerts.Firing, alerts.Resolved}, a.Status)
		require.LessOrEqual(t, len(a.Labels), alerts.MaxLabels)
		require.LessOrEqual(t, len(alerts.Key(a.Labels)), alerts.MaxKey)
		data, err := json.Marshal(a)
		require.NoError(t, err)
		require.NotContains(t, string(data), `\u0000`)
		var back alerts.Alert
		require.NoError(t, json.Unmarshal(data, &back))
		require.Equal(t, a, back)
	}
}

package alerts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
)

const oneGeneric = `{
  "status": "resolved",
  "labels": {"alertname": "DiskFull", "service": "search", "host": ""},
  "annotations": {"title": "Disk is full"},
  "starts_at": "2026-01-31T10:00:00+01:00", "ends_at": "2026-01-31T09:20:00Z",
  "fingerprint": "disk-7", "url": "https://grafana.example.org/d/7"
}`

func TestParseGenericReadsOneAlertOrAList(t *testing.T) {
	want := alerts.Alert{
		Source: "generic", Status: alerts.Resolved,
		Labels:      map[string]string{"alertname": "DiskFull", "service": "search"},
		Annotations: map[string]string{"title": "Disk is full"},
		StartsAt:    time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC),
		EndsAt:      time.Date(2026, 1, 31, 9, 20, 0, 0, time.UTC),
		Fingerprint: "disk-7", GeneratorURL: "https://grafana.example.org/d/7",
	}
	one, err := alerts.ParseGeneric([]byte(oneGeneric))
	require.NoError(t, err)
	require.Equal(t, alerts.Delivery{Alerts: []alerts.Alert{want}}, one)
	require.Equal(t, "Disk is full", one.Alerts[0].Summary())

	many, err := alerts.ParseGeneric([]byte(`{"alerts": [` + oneGeneric + `,` + oneGeneric + `]}`))
	require.NoError(t, err)
	require.Equal(t, alerts.Delivery{Alerts: []alerts.Alert{want, want}}, many)
}

func TestParseGenericFillsInWhatMayBeLeftOut(t *testing.T) {
	got, err := alerts.ParseGeneric([]byte(`{"status":"firing","labels":{"alertname":"A"}}`))
	require.NoError(t, err)
	require.Equal(t, alerts.Alert{
		Source: "generic", Status: alerts.Firing,
		Labels:      map[string]string{"alertname": "A"},
		Fingerprint: alerts.Fingerprint(map[string]string{"alertname": "A"}),
	}, got.Alerts[0])
	require.Nil(t, got.Alerts[0].Group)
}

func TestParseGenericRefuses(t *testing.T) {
	many := make([]string, alerts.MaxLabels+1)
	for i := range many {
		many[i] = fmt.Sprintf(`"l%d":"x"`, i)
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	firing := func(rest string) string { return `{"status":"firing","labels":{"a":"b"}` + rest + `}` }
	tests := map[string]struct{ body, want string }{
		"nothing":         {``, `is not complete JSON: send one JSON object`},
		"text":            {`"x"`, `must be an object, got a string`},
		"null":            {`null`, `is empty: send one alert, or an object with a list of alerts`},
		"more after":      {firing("") + "{}", `has something after the end of the JSON: send one JSON object`},
		"no alerts":       {`{"alerts":[]}`, `alerts: is empty: send at least one alert`},
		"null alerts":     {`{"alerts":null}`, `alerts: is empty: send at least one alert`},
		"alerts no list":  {`{"alerts":"x"}`, `alerts: must be a list, got a string`},
		"unknown beside":  {`{"alerts":[` + firing("") + `],"version":1}`, `has a field that is not known: "version"`},
		"unknown in list": {`{"alerts":[` + firing("") + `,` + firing(`,"startsAt":"x"`) + `]}`, `alerts[1]: has a field that is not known: "startsAt"`},
		"unknown":         {firing(`,"severity":"x"`), `has a field that is not known: "severity"`},
		"status missing":  {`{"labels":{"a":"b"}}`, `status: must be "firing" or "resolved", got ""`},
		"status in capital": {
			`{"status":"FIRING","labels":{"a":"b"}}`, `status: must be "firing" or "resolved", got "FIRING"`,
		},
		"no labels":        {`{"status":"firing"}`, `labels: must hold at least one label, such as {"alertname": "DiskFull"}`},
		"empty labels":     {`{"status":"firing","labels":{"a":""}}`, `labels: must hold at least one label, such as {"alertname": "DiskFull"}`},
		"labels no object": {`{"status":"firing","labels":["a"]}`, `labels: must be an object, got a list`},
		"nested label":     {`{"alerts":[{"status":"firing","labels":{"a":{}}}]}`, `alerts[0].labels: must be a string, got an object`},
		"truth label":      {`{"status":"firing","labels":{"a":true}}`, `labels: must be a string, got true or false`},
		"many labels":      {`{"status":"firing","labels":{` + strings.Join(many, ",") + `}}`, `labels: has 65 entries: send at most 64`},
		"long name":        {`{"status":"firing","labels":{"` + long(129) + `":"b"}}`, `labels: has a name of 129 bytes: use 1 to 128`},
		"empty name":       {`{"status":"firing","labels":{"":"b"}}`, `labels: has a name of 0 bytes: use 1 to 128`},
		"long value":       {`{"status":"firing","labels":{"a":"` + long(1025) + `"}}`, `labels.a: is 1025 bytes long: send at most 1024`},
		"long annotation":  {firing(`,"annotations":{"a":"` + long(4097) + `"}`), `annotations.a: is 4097 bytes long: send at most 4096`},
		"long fingerprint": {firing(`,"fingerprint":"` + long(129) + `"`), `fingerprint: is longer than 128 bytes`},
		"script":           {firing(`,"url":"javascript:alert(1)"`), `url: must be an http or https address of at most 2048 bytes`},
		"time":             {firing(`,"starts_at":"2026-01-31"`), `starts_at: must be an RFC 3339 time such as "2026-01-31T09:00:00Z", got "2026-01-31"`},
		"too many": {
			`{"alerts":[` + strings.TrimSuffix(strings.Repeat(firing("")+",", alerts.MaxAlerts+1), ",") + `]}`,
			`alerts: has 10001 alerts: send at most 10000 in one request`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := alerts.ParseGeneric([]byte(test.body))
			requireInputError(t, err, test.want)
		})
	}
}

func TestParseAnyTellsTheFormatsApart(t *testing.T) {
	own, err := alerts.ParseAny([]byte(oneGeneric))
	require.NoError(t, err)
	require.Equal(t, alerts.SourceGeneric, own.Alerts[0].Source)
	theirs, err := alerts.ParseAny([]byte(observed))
	require.NoError(t, err)
	require.Equal(t, alerts.SourceAlertmanager, theirs.Alerts[0].Source)
	_, err = alerts.ParseAny([]byte(`{"status":`))
	requireInputError(t, err, `is not complete JSON: send one JSON object`)
}

func FuzzParseGeneric(f *testing.F) {
	f.Add([]byte(oneGeneric))
	f.Add([]byte(`{"alerts":[` + oneGeneric + `]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		requireSound(t, body, alerts.ParseGeneric)
	})
}

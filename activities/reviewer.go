package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Reviewer mails reports that look back. Its exported method is an activity.
type Reviewer struct {
	Pager  *Pager
	Mailer Mailer
	Past   Past
}

// Past is what reports look back on.
type Past interface {
	// Woken returns what the noise report has to know of the incidents that
	// were opened in [from, until).
	Woken(ctx context.Context, from, until time.Time) ([]incident.Woken, error)
}

// Reported says what became of a report. Audience is empty where the catalog
// names none, and then nothing was mailed.
type Reported struct {
	Week     string `json:"week"`
	Audience string `json:"audience,omitempty"`
	Rules    int    `json:"rules"`
}

// mailedRules bounds the rules that a mail shows.
const mailedRules = 20

// ReportNoise mails the noise report of the last whole week, in UTC, to the
// audience that the settings name. It may be tried again: each week's report
// goes out once.
func (r *Reviewer) ReportNoise(ctx context.Context) (Reported, error) {
	c, err := r.Pager.Catalogs.Current(ctx)
	if err != nil {
		return Reported{}, Fail(incident.Errorf(incident.Unavailable, "report noise: %w", err))
	}
	until := monday(r.Pager.now())
	from := until.AddDate(0, 0, -7)
	year, week := from.ISOWeek()
	out := Reported{Week: fmt.Sprintf("%d-W%02d", year, week)}
	audience, ok := c.Audience(c.Settings.NoiseReport.Audience)
	if !ok {
		return out, nil
	}
	woken, err := r.Past.Woken(ctx, from, until)
	if err != nil {
		return out, Fail(fmt.Errorf("report noise: %w", err))
	}
	report := incident.Noise(from, until, woken, func(person string) *time.Location { return zoneOf(c, person) })
	out.Audience, out.Rules = audience.ID, len(report.Rules)
	m := noiseMail(out.Week, report, audience)
	_, err = r.Pager.once(ctx, effect{key: m.Key, incident: "noise", what: "mail"}, func() (incident.HandOver, error) {
		return incident.HandOver{}, r.Mailer.SendMail(ctx, m)
	})
	if err = Known(err); err != nil {
		return out, Fail(fmt.Errorf("mail the noise report of %s: %w", out.Week, err))
	}
	return out, nil
}

// monday returns the midnight in UTC at which the week of a time began.
func monday(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), t.Day()-(int(t.Weekday())+6)%7, 0, 0, 0, 0, time.UTC)
}

// zoneOf returns the zone of a person, UTC where the catalog knows none.
func zoneOf(c *catalog.Catalog, person string) *time.Location {
	who, _ := c.Person(person)
	zone, err := time.LoadLocation(who.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

func noiseMail(week string, report incident.NoiseReport, audience catalog.Audience) incident.Mail {
	key := "noise-report/" + week + "/" + audience.ID
	text := strings.Join(noiseLines(report), "\n\n") + "\n"
	return incident.Mail{
		Key: key, Thread: key, To: []string{audience.Address}, Subject: "Noise report of week " + week,
		Text: text, HTML: paragraphs(text),
	}
}

func noiseLines(report incident.NoiseReport) []string {
	lines := []string{fmt.Sprintf("Alert rules by how often they woke people for nothing, over the incidents opened from %s until %s.",
		at(report.From), at(report.Until))}
	if len(report.Rules) == 0 {
		return append(lines, "No alert opened an incident.")
	}
	for n, rule := range report.Rules {
		if n == mailedRules {
			lines = append(lines, fmt.Sprintf("And %d more: tocsin report noise shows them all.", len(report.Rules)-n))
			break
		}
		lines = append(lines, fmt.Sprintf("%d. %s (%s), score %d: incidents %d, pages %d, at night %d, not actionable %d, unanswered %d, flapping %d",
			n+1, rule.Rule, rule.Service, rule.Score, rule.Incidents, rule.Pages, rule.Night, rule.NotActionable, rule.Unanswered, rule.Flapping))
	}
	return append(lines, "The score counts the pages of useless incidents, and those at night three times. Useless is what people called "+
		"not actionable, or what was over before anybody acknowledged.")
}

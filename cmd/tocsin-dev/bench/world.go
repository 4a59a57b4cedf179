package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/oncall"
)

// world is a stack of its own for one measure: its predecessors must not work
// beside it.
type world struct {
	*devstack.Stack
	sink *Sink
	dir  string
	// load is the machine's load average before the measure.
	load float64
}

func (b *bench) begin(ctx context.Context, adjust func(*catalog.Catalog)) (*world, error) {
	return b.beginWith(ctx, devstack.Config{Adjust: adjust})
}

func (b *bench) beginWith(ctx context.Context, c devstack.Config) (w *world, err error) {
	w = &world{load: loadAverage()}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close(ctx))
		}
	}()
	if w.dir, err = os.MkdirTemp("", "tocsin-bench-"); err != nil {
		return w, fmt.Errorf("make a folder for the databases: %w", err)
	}
	if w.sink, err = NewSink(ctx); err != nil {
		return w, err
	}
	c.Dir, c.ForgetfulSandbox, c.Push, c.Log = w.dir, true, w.sink.URL(), b.config.Log
	w.Stack, err = devstack.Start(ctx, c)
	return w, err
}

func (w *world) close(ctx context.Context) error {
	var problems []error
	if w.Stack != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		problems = append(problems, w.Close(closing))
	}
	if w.sink != nil {
		problems = append(problems, w.sink.Close())
	}
	return errors.Join(append(problems, os.RemoveAll(w.dir))...)
}

// end notes what the stack counted, and closes it.
func (b *bench) end(ctx context.Context, w *world) error {
	err := b.report.Counts.read(w.App.Metrics)
	return errors.Join(err, w.close(ctx))
}

const (
	// service begins the names of the services whose alerts are measured, pager
	// those of who is on call for them and of their push topics.
	service = "bench-"
	pager   = "bench-pager-"
	// crews is over how many services and people alerts are spread: nobody gets
	// so many pages within a minute that they go together.
	crews = 400
)

// crew names the service of the nth alert.
func crew(n int) string { return fmt.Sprint(service, n%crews) }

// benchCatalog adds to the example services whose responders are paged by push
// and by mail at once, and by push again later, and lifts the storm limit.
func benchCatalog(c *catalog.Catalog) {
	c.Settings.Storm.NewKeysPerMinute = 1_000_000
	for n := range crews {
		addService(c, crew(n), fmt.Sprint(pager, n), catalog.Rules{
			Urgent: []catalog.Rule{{Contact: "phone"}, {Contact: "mail"}, {Contact: "phone", After: 20 * time.Minute}},
		})
	}
}

func addService(c *catalog.Catalog, id, person string, rules catalog.Rules) {
	c.People = append(c.People, catalog.Person{
		ID: person, Name: person, Rules: rules,
		Contacts: []catalog.ContactMethod{
			{ID: "phone", Kind: "push", Address: person}, {ID: "mail", Kind: "email", Address: person + "@example.org"},
		},
	})
	c.Escalations = append(c.Escalations, oncall.EscalationPolicy{
		ID: id, Name: id, Levels: []oncall.Level{
			{Targets: []oncall.Target{{Person: person}}, Timeout: 30 * time.Minute},
			{Targets: []oncall.Target{{Team: "payments"}}, Timeout: 30 * time.Minute},
		},
	})
	like, _ := c.Service("payments")
	like.ID, like.Name, like.Escalation = id, id, id
	like.Match = []string{fmt.Sprintf("service=%q", id)}
	// A diagnostic is no part of the way to a page.
	like.Runbooks = slices.DeleteFunc(slices.Clone(like.Runbooks), func(u catalog.RunbookUse) bool { return u.Auto != nil })
	c.Services = append([]catalog.Service{like}, c.Services...)
}
